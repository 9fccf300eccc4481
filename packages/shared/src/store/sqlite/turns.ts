import { AppError } from '../../errors/app-error.ts'

/**
 * node:sqlite works on the event loop's own thread. So that requests, timers and sockets keep getting their turn, all
 * work on the database is cut into pieces, and pieces run for at most TURN_MS before the loop goes round once.
 */
export interface Turns {
  /** Runs one piece of work when its turn comes. It should be done, or stop and ask for another turn, by `untilMs`. */
  run<T>(work: (untilMs: number) => T): Promise<T>
  /** Lets what waits finish and refuses anything new. */
  close(): Promise<void>
}

const TURN_MS = 2
const WAITING_MAX = 20_000

export function createTurns(): Turns {
  const waiting: ((untilMs: number) => void)[] = []
  let scheduled = false
  let closed = false
  let onEmpty: (() => void) | undefined

  const takeTurn = (): void => {
    const untilMs = performance.now() + TURN_MS
    let taken = 0
    do {
      waiting[taken++]?.(untilMs)
    } while (taken < waiting.length && performance.now() < untilMs)
    waiting.splice(0, taken)
    // The microtasks of those just answered run first, and may ask for another turn.
    if (waiting.length > 0) setImmediate(takeTurn)
    else {
      scheduled = false
      onEmpty?.()
    }
  }

  return {
    run(work) {
      if (closed) return Promise.reject(new AppError('STORE_UNAVAILABLE', 'The store is closed'))
      if (waiting.length >= WAITING_MAX) {
        return Promise.reject(new AppError('STORE_UNAVAILABLE', `${WAITING_MAX} calls wait for the store already`))
      }
      return new Promise((resolve, reject) => {
        waiting.push((untilMs) => {
          try {
            resolve(work(untilMs))
          } catch (error) {
            reject(error)
          }
        })
        if (scheduled) return
        scheduled = true
        setImmediate(takeTurn)
      })
    },
    async close() {
      closed = true
      if (scheduled) await new Promise<void>((resolve) => (onEmpty = resolve))
    },
  }
}
