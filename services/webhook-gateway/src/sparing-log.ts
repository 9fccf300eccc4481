import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'

const EVERY_MS = 10_000

/** Warns at most once in ten seconds for each message: what strangers can cause must not fill the disk. */
export type SparingLog = (message: string, fields?: Readonly<Record<string, unknown>>) => void

export function createSparingLog(logger: Logger, clock: Clock): SparingLog {
  const seen = new Map<string, { loggedAtMs: number; unlogged: number }>()
  return (message, fields) => {
    const nowMs = clock.now()
    const last = seen.get(message)
    if (last !== undefined && nowMs - last.loggedAtMs < EVERY_MS) {
      last.unlogged++
      return
    }
    seen.set(message, { loggedAtMs: nowMs, unlogged: 0 })
    logger.warn({ ...fields, ...(last?.unlogged ? { unlogged: last.unlogged } : {}) }, message)
  }
}
