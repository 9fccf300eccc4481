const ended = (lastDay: string): number => Date.parse(`${lastDay}T00:00:00Z`)

/** Versions and when they end (Meta's changelog as of 2026-11): two years after the next one was released. */
const VERSIONS: readonly (readonly [version: string, endsAt: number])[] = [
  ['v19.0', ended('2026-05-21')],
  ['v20.0', ended('2026-09-24')],
  ['v21.0', ended('2027-01-21')],
  ['v22.0', ended('2027-05-20')],
  ['v23.0', ended('2027-10-08')],
  ['v24.0', ended('2028-02-18')],
  ['v25.0', ended('2028-07-29')],
  ['v26.0', Number.POSITIVE_INFINITY],
]

const NEWEST = 26

/**
 * The version that answers: the one asked for while it lives, else the oldest living one; undefined when there is no
 * such version yet.
 */
export function answeringVersion(asked: string | null, now: number): string | undefined {
  const oldest = VERSIONS.find(([, endsAt]) => endsAt > now)![0]
  if (asked === null) return oldest
  const known = VERSIONS.find(([version]) => version === asked)
  if (known === undefined) return Number(asked.slice(1)) > NEWEST ? undefined : oldest
  return known[1] > now ? asked : oldest
}
