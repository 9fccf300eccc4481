import type { Clock } from '../lifecycle/clock.ts'
import type { Collection } from '../store/collection.ts'
import type { CountingSessionRow } from '../store/repositories/statistics-rows.ts'
import { sessionStartMs } from './counting-session.ts'

const READ_EVERY_MS = 60_000
/** A session that began so long before the reading and was not there has ended: far more than clocks differ. */
const FORGET_MARGIN_MS = 3_600_000
const SESSIONS_MAX = 1_000

export interface KnownSessions {
  /** Reads the sessions there are, now and then; answers which marks need not be kept. */
  read(): Promise<{ readonly mayForget: (sessionId: string) => boolean }>
}

export function createKnownSessions(sessions: Collection<CountingSessionRow>, clock: Clock): KnownSessions {
  let readAtMs = Number.NEGATIVE_INFINITY
  let ids: ReadonlySet<string> = new Set()
  const mayForget = (id: string): boolean => !ids.has(id) && sessionStartMs(id) < readAtMs - FORGET_MARGIN_MS
  return {
    async read() {
      if (clock.now() - readAtMs < READ_EVERY_MS) return { mayForget }
      const nowMs = clock.now()
      ids = new Set((await sessions.find({ index: '_id', limit: SESSIONS_MAX })).map(({ _id }) => _id))
      readAtMs = nowMs
      return { mayForget }
    },
  }
}
