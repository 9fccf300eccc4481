import type { Clock } from '../lifecycle/clock.ts'

export interface QueuedCall {
  /** Lower goes first; equals in the order in which they came. */
  readonly priority: number
  readonly cost: number
  readonly signal?: AbortSignal | undefined
}

/** Those who wait for the budget of one kind of call. */
export interface CallQueue {
  take(call: QueuedCall): Promise<void>
  /** Something changed: the first may have to wait shorter or longer than it thought. */
  look(): void
}

export interface CallQueueDeps {
  readonly clock: Clock
  /** How long until so much may be drawn; 0 when it may. */
  readonly waitMs: (cost: number) => number
  readonly draw: (cost: number) => void
  /** Ends it: everybody is rejected with its reason. */
  readonly closed: AbortSignal
}

interface Waiter extends QueuedCall {
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

/** Serves the first in the queue whenever there is budget. Nobody overtakes it but one of higher priority. */
export function createCallQueue({ clock, waitMs, draw, closed }: CallQueueDeps): CallQueue {
  const queue: Waiter[] = []
  let nap: AbortController | undefined
  let serving = false

  /** One loop while somebody waits. Never rejects. */
  const serve = async (): Promise<void> => {
    try {
      for (let first = queue[0]; first !== undefined; first = queue[0]) {
        closed.throwIfAborted()
        const ms = waitMs(first.cost)
        if (ms > 0) await rest(ms)
        else {
          draw(first.cost)
          queue.shift()
          first.resolve()
        }
      }
    } catch (reason) {
      for (const waiter of queue.splice(0)) waiter.reject(reason)
    } finally {
      // In the same turn in which the queue was found empty: whoever asks next starts a new loop.
      serving = false
    }
  }

  /** Until the time is over or something changed. */
  const rest = async (ms: number): Promise<void> => {
    const woken = new AbortController()
    nap = woken
    try {
      await clock.sleep(ms, woken.signal)
    } catch (error) {
      if (!woken.signal.aborted) throw error
    } finally {
      nap = undefined
    }
  }
  closed.addEventListener('abort', () => nap?.abort(), { once: true })

  const enqueue = (waiter: Waiter): void => {
    const behind = queue.findIndex(({ priority }) => priority > waiter.priority)
    queue.splice(behind === -1 ? queue.length : behind, 0, waiter)
    // Another first one may cost less.
    if (behind === 0) nap?.abort()
    if (serving) return
    serving = true
    void serve()
  }

  return {
    take({ priority, cost, signal }) {
      if (closed.aborted) return Promise.reject(closed.reason)
      if (signal?.aborted) return Promise.reject(signal.reason)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const settled = (): void => signal?.removeEventListener('abort', onAbort)
      const waiter: Waiter = {
        priority,
        cost,
        resolve: () => {
          settled()
          resolve()
        },
        reject: (reason) => {
          settled()
          reject(reason)
        },
      }
      const onAbort = (): void => {
        const index = queue.indexOf(waiter)
        if (index >= 0) queue.splice(index, 1)
        // Nobody is left, or the next one: there may be nothing to sleep for, or less.
        if (index === 0) nap?.abort()
        waiter.reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      enqueue(waiter)
      return promise
    },
    look: () => nap?.abort(),
  }
}
