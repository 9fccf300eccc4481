import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { ApiKeys, KeyUse } from '@pagesync/shared/store/repositories/api-keys.ts'
import type { ApiKeyRow } from '@pagesync/shared/store/repositories/rows.ts'

/** A key's last use is written at most so often by one instance. */
const WRITE_EVERY_MS = 60_000
const KEYS_MAX = 10_000

export interface KeyUses {
  /** Never waits: what a request needs is not in here. */
  note(row: Pick<ApiKeyRow, 'key_id' | 'tenant_id'>): void
  /** Until what was noted is written, or could not be. */
  settled(): Promise<void>
}

/** Remembers when keys were used, and writes it now and then, all that came together in one go. */
export function createKeyUses(
  apiKeys: Pick<ApiKeys, 'noteUses'>,
  clock: Pick<Clock, 'now'>,
  logger: Pick<Logger, 'warn'>,
): KeyUses {
  const writtenMs = new Map<string, number>()
  let pending = new Map<string, KeyUse>()
  let writing: Promise<void> | undefined

  const write = async (): Promise<void> => {
    while (pending.size > 0) {
      const uses = [...pending.values()]
      pending = new Map()
      try {
        await apiKeys.noteUses(uses)
      } catch (err) {
        logger.warn({ err, keys: uses.length }, 'left the last use of keys unwritten')
      }
    }
    writing = undefined
  }

  return {
    note({ key_id, tenant_id }) {
      const atMs = clock.now()
      const lastMs = writtenMs.get(key_id)
      if (lastMs !== undefined && atMs - lastMs < WRITE_EVERY_MS) return
      if (writtenMs.size >= KEYS_MAX) writtenMs.clear()
      writtenMs.set(key_id, atMs)
      pending.set(key_id, { key_id, tenant_id, atMs })
      writing ??= write()
    },
    settled: async () => writing,
  }
}
