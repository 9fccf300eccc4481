import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import type { CollectionDefinition, Store } from '@pagesync/shared/store/collection.ts'
import { createDeadLetters, DEAD_LETTERS, type DeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'

export interface LateDeadLetters extends DeadLetters, AsyncDisposable {
  /** Rejects with STORE_UNAVAILABLE when the store does not answer within about `timeoutMs`. */
  pingStore(timeoutMs: number): Promise<void>
}

/**
 * Dead letters whose store is opened when it is first asked for, and again after a failure: the gateway publishes
 * events while the store is down, from its start on.
 */
export function createLateDeadLetters(open: () => Promise<Store>, log: EventLog, source: string): LateDeadLetters {
  let opening: Promise<Store> | undefined
  let isClosed = false

  const store = (): Promise<Store> => {
    opening ??= openReady().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  async function openReady(): Promise<Store> {
    const opened = await open()
    try {
      await opened.ensure([DEAD_LETTERS as unknown as CollectionDefinition<never>])
      return opened
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  return {
    bury: async (letter) => createDeadLetters(await store(), log, source).bury(letter),
    pingStore: async (timeoutMs) => (await store()).ping(timeoutMs),
    async [Symbol.asyncDispose]() {
      if (isClosed) return
      isClosed = true
      await (await opening?.catch(() => undefined))?.close()
    },
  }
}
