/** Living and dead versions with their last day (Meta's changelog as of 2026-11): until two years after the next one. */
const VERSIONS: readonly (readonly [version: string, lastDay: string | null])[] = [
  ['v19.0', '2026-05-21'],
  ['v20.0', '2026-09-24'],
  ['v21.0', '2027-01-21'],
  ['v22.0', '2027-05-20'],
  ['v23.0', '2027-10-08'],
  ['v24.0', '2028-02-18'],
  ['v25.0', '2028-07-29'],
  ['v26.0', null],
]

/**
 * The version that answers: the one asked for while it lives, else the oldest living one; undefined when there is no
 * such version yet.
 */
export function answeringVersion(asked: string | null, now: number): string | undefined {
  const living = VERSIONS.filter(([, lastDay]) => lastDay === null || Date.parse(`${lastDay}T00:00:00Z`) > now)
  const oldest = living[0]![0]
  if (asked === null) return oldest
  if (living.some(([version]) => version === asked)) return asked
  const newest = Number(VERSIONS.at(-1)![0].slice(1))
  return Number(asked.slice(1)) > newest ? undefined : oldest
}
