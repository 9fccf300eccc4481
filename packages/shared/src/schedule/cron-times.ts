import { Cron } from 'croner'
import { isTimeZone } from '../automations/wall-clock.ts'

/** When a pattern's runs are. Pure but for what it remembers of patterns that it has read. */
export interface CronTimes {
  /**
   * The first run after `afterMs`, milliseconds since 1970; null where there is none, or where the pattern or the zone
   * cannot be read. `fraction` in [0, 1) moves all runs later by its share of the time between two of them, an hour at
   * most: pages with the same pattern do not run all at once.
   *
   * Where the clock jumps over a run it is made when the clock is past it; where the clock repeats an hour, a run at a
   * certain time is made the first time, and one "every n minutes" goes on through both.
   */
  nextMs(pattern: string, timezone: string, fraction: number, afterMs: number): number | null
}

interface Known {
  readonly cron: Cron
  readonly windowMs: number
}

const KNOWN_MAX = 1_000
const WINDOW_MAX_MS = 3_600_000
/** The distance of runs is measured here and nowhere else, so that it stays the same for ever. A Monday in winter. */
const MEASURED_FROM = new Date('2026-01-05T00:00:00Z')
const RUNS_MEASURED = 8
const PATTERN_LENGTH_MAX = 100

export function createCronTimes(): CronTimes {
  const known = new Map<string, Known | null>()

  const read = (pattern: string, timezone: string): Known | null => {
    const key = `${timezone} ${pattern}`
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= KNOWN_MAX) known.clear()
    const cron = openCron(pattern, timezone)
    const made = cron === null ? null : { cron, windowMs: windowOf(cron) }
    known.set(key, made)
    return made
  }

  return {
    nextMs(pattern, timezone, fraction, afterMs) {
      const found = read(pattern, timezone)
      if (found === null) return null
      const laterMs = Math.floor((fraction * found.windowMs) / 1_000) * 1_000
      const run = found.cron.nextRun(new Date(afterMs - laterMs))
      return run === null ? null : run.getTime() + laterMs
    },
  }
}

function windowOf(cron: Cron): number {
  const runs = cron.nextRuns(RUNS_MEASURED, MEASURED_FROM).map((run) => run.getTime())
  const gaps = runs.slice(1).map((run, i) => run - (runs[i] ?? 0))
  return Math.min(WINDOW_MAX_MS, ...gaps)
}

/** What is wrong with a pattern; null where it is right. A field for seconds, or a pattern that never runs, is wrong. */
export function cronProblem(pattern: string): string | null {
  const words = pattern.trim().split(/\s+/)
  if (pattern.length > PATTERN_LENGTH_MAX || words.length !== 5)
    return 'must be a cron pattern of five fields: minute, hour, day of month, month, day of week'
  const cron = openCron(pattern, 'UTC')
  if (cron === null) return 'is no cron pattern'
  return cron.nextRun() === null ? 'never runs' : null
}

function openCron(pattern: string, timezone: string): Cron | null {
  if (!isTimeZone(timezone)) return null
  try {
    return new Cron(pattern, { timezone, mode: '5-part', paused: true })
  } catch {
    // What croner cannot read it throws, as an Error without a code.
    return null
  }
}
