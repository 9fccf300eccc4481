const MINUTE_MS = 60_000
/** Every zone has changed its clocks on a quarter of an hour for a century: one offset holds for so long. */
const QUARTER_MS = 15 * MINUTE_MS
const DAY_MS = 86_400_000

/** What a clock on the wall shows. */
export interface WallTime {
  /** Days since 1970-01-01 of the local date: consecutive, whatever daylight saving does. */
  readonly day: number
  /** 0 is midnight. */
  readonly minuteOfDay: number
}

export function isTimeZone(name: string): boolean {
  // Offsets such as +07:00 are known to Intl, too, but have no summer.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** Of an IANA zone; throws a RangeError where it is none. Making one costs much, asking it little. */
export function createWallClock(timeZone: string): (atMs: number) => WallTime {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  let quarter = Number.NaN
  let offsetMs = 0
  return (atMs) => {
    const of = Math.floor(atMs / QUARTER_MS)
    if (of !== quarter) {
      quarter = of
      offsetMs = localMs(format, of * QUARTER_MS) - of * QUARTER_MS
    }
    const local = atMs + offsetMs
    const day = Math.floor(local / DAY_MS)
    return { day, minuteOfDay: Math.floor((local - day * DAY_MS) / MINUTE_MS) }
  }
}

/** The local date and time as if it were UTC. */
function localMs(format: Intl.DateTimeFormat, atMs: number): number {
  const parts: Record<string, number> = {}
  for (const { type, value } of format.formatToParts(atMs)) parts[type] = Number(value)
  return Date.UTC(parts.year!, parts.month! - 1, parts.day!, parts.hour!, parts.minute!)
}

/** One clock for each zone that is asked for; a page has one zone, its rules a few more. */
export interface WallClocks {
  at(atMs: number, timeZone: string): WallTime
}

/** A zone that is none is read as UTC: rules with one are refused before, and a page's own is checked where it is set. */
export function createWallClocks(): WallClocks {
  const clocks = new Map<string, (atMs: number) => WallTime>()
  return {
    at(atMs, timeZone) {
      let clock = clocks.get(timeZone)
      if (!clock) {
        clock = createWallClock(isTimeZone(timeZone) ? timeZone : 'UTC')
        if (clocks.size < CLOCKS_MAX) clocks.set(timeZone, clock)
      }
      return clock(atMs)
    },
  }
}

const CLOCKS_MAX = 500
