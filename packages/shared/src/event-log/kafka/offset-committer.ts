import { setTimeout as delay } from 'node:timers/promises'
import type { EngineLogger } from '../engine-logger.ts'

const RETRY_MS = 500

export interface OffsetCommitterDeps {
  readonly commit: (offsets: ReadonlyMap<number, number>) => Promise<void>
  readonly onCommitted: (partition: number, offset: number) => void
  readonly logger: EngineLogger
}

/**
 * Commits offsets, one request at a time: those that come while one is under way go together into the next. A commit
 * that fails is repeated until it succeeds, a higher one replaces it, or the partition is lost.
 */
export interface OffsetCommitter {
  add(partition: number, offset: number): void
  /** The partition is no longer ours: committing would move its new owner's offset back. */
  forget(partition: number): void
  /** Resolves when nothing is left to commit. */
  settled(): Promise<void>
  close(): void
}

export function createOffsetCommitter(deps: OffsetCommitterDeps): OffsetCommitter {
  const waiting = new Map<number, number>()
  let sending: Map<number, number> | undefined
  let work: Promise<void> = Promise.resolve()
  const closing = new AbortController()

  async function commitAll(): Promise<void> {
    while (waiting.size > 0 && !closing.signal.aborted) {
      sending = new Map(waiting)
      waiting.clear()
      try {
        await deps.commit(sending)
        for (const [partition, offset] of sending) deps.onCommitted(partition, offset)
      } catch (error) {
        deps.logger.warn({ err: error }, 'Offsets were not committed, trying again')
        for (const [partition, offset] of sending) {
          if (!waiting.has(partition)) waiting.set(partition, offset)
        }
        await delay(RETRY_MS, undefined, { signal: closing.signal }).catch(() => {})
      }
    }
    sending = undefined
  }

  return {
    add(partition, offset) {
      waiting.set(partition, offset)
      if (!sending) {
        sending = new Map()
        work = commitAll()
      }
    },
    forget(partition) {
      waiting.delete(partition)
      sending?.delete(partition)
    },
    settled: () => work,
    close: () => closing.abort(),
  }
}
