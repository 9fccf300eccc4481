import { randomInt } from 'node:crypto'
import { eventually } from '../support/eventually.ts'
import { type Child, spawnChild } from '../support/spawn-child.ts'

export interface Numbers {
  readonly conversations: number
  readonly contacts: number
  readonly messages: number
}

/** What the statistics say and what there really is, at one moment. */
export interface Compared {
  readonly counted: Numbers
  readonly rows: Numbers
  /** Messages that the dead worker had stored and not counted; null before they were looked for. */
  readonly found: number | null
}

/** Counts are to be exact again within this, once there is a worker again. */
const RECOUNTED_WITHIN_MS = 60_000
/** A kill that left nothing uncounted hit no middle of counting: rare, and tried again. */
const KILLS_MAX = 3

/**
 * Kills a worker with -9 in the middle of counting, starts another one that publishes nothing, and answers what it says
 * once statistics and rows agree; fails when they do not in time.
 */
export async function killWhileCounting(engines: Engines): Promise<Compared> {
  for (let kills = 1; ; kills++) {
    const after = await killOnce(engines)
    if (after.found !== 0 || kills === KILLS_MAX) return after
  }
}

interface Engines {
  readonly eventLogUrl: string
  readonly storeUrl: string
}

async function killOnce(engines: Engines): Promise<Compared> {
  const worker = { ...engines, facebookPageId: String(randomInt(10 ** 12, 10 ** 13)) }
  const start = (recover: boolean): Child =>
    spawnChild('count-until-killed.ts', [JSON.stringify({ ...worker, recover })])
  await using doomed = start(false)
  await eventually(() => linesOf(doomed).some(isBehind), 90_000, 5).catch((error) => {
    throw new Error(`it did not count: ${doomed.lines.at(-1)} ${doomed.complaints()}`, { cause: error })
  })
  await doomed.kill()
  await using next = start(true)
  await eventually(() => next.lines.length > 0, 60_000)
  // What the killed one had not finished is handled again first; then nothing moves but the recount.
  // Awaited here: the process is to live until then.
  return await eventually(
    () => {
      const last = linesOf(next).slice(-20)
      return last.length === 20 && last.every(isExact) ? last.at(-1) : undefined
    },
    RECOUNTED_WITHIN_MS,
    100,
  ).catch((error) => {
    throw new Error(`not exact in time: ${next.lines.at(-1)} ${next.complaints()}`, { cause: error })
  })
}

const linesOf = ({ lines }: Child): Compared[] => lines.map((line) => JSON.parse(line) as Compared)

/** Some are counted, and some are stored that are not: the moment to die. */
const isBehind = ({ counted, rows }: Compared): boolean => counted.messages > 0 && rows.messages > counted.messages

const isExact = ({ counted, rows, found }: Compared): boolean =>
  found !== null && JSON.stringify(counted) === JSON.stringify(rows)
