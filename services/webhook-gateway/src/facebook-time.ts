/** Below it a number means seconds: as milliseconds it would lie before March 1973, as seconds after the year 5000. */
const SECONDS_BELOW = 100_000_000_000
/** The last millisecond that a Date can hold. */
const TIME_MS_MAX = 8_640_000_000_000_000

/**
 * Milliseconds since 1970 from what Facebook writes for a time: milliseconds in messaging events (but sometimes
 * seconds), seconds in changes, now and then in quotes. Null where it is no time.
 */
export function facebookTimeMs(value: unknown): number | null {
  const number = typeof value === 'string' && /^[0-9]{1,16}$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number) || number <= 0) return null
  const ms = number < SECONDS_BELOW ? number * 1000 : number
  return ms <= TIME_MS_MAX ? ms : null
}
