import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'

/** Real time plus an offset that tests move; what is scheduled on it falls due when it is moved past. */
export interface MovableClock extends Clock {
  /** Moves time forward (or back, when negative) and runs what became due, in order of due time. */
  advance(ms: number): void
  set(epochMs: number): void
  /** Runs `action` once at `epochMs` of this clock; the returned function cancels it. */
  at(epochMs: number, action: () => void): () => void
  /** Forgets all that is scheduled. */
  stop(): void
}

interface Scheduled {
  readonly dueAt: number
  readonly order: number
  readonly action: () => void
}

// setTimeout fires at once above 2^31 - 1 ms.
const LONGEST_TIMER_MS = 2_000_000_000

/** `start` is the time shown at creation; it runs on with real time unless the clock is frozen. */
export function createMovableClock(start: number = Date.now(), frozen = false): MovableClock {
  let offset = start - Date.now()
  let standing = start
  let order = 0
  let queue: Scheduled[] = []
  let timer: NodeJS.Timeout | undefined

  const now = () => (frozen ? standing : Date.now() + offset)

  const runDue = () => {
    for (;;) {
      const next = queue[0]
      if (next === undefined || next.dueAt > now()) break
      queue.shift()
      next.action()
    }
    arm()
  }

  const arm = () => {
    clearTimeout(timer)
    const next = queue[0]
    if (next === undefined || (frozen && next.dueAt > standing)) return
    timer = setTimeout(runDue, Math.min(Math.max(next.dueAt - now(), 0), LONGEST_TIMER_MS))
    timer.unref()
  }

  const at = (dueAt: number, action: () => void) => {
    const entry: Scheduled = { dueAt, order: order++, action }
    let position = queue.length
    while (position > 0 && queue[position - 1]!.dueAt > dueAt) position--
    queue.splice(position, 0, entry)
    if (position === 0) arm()
    return () => {
      const found = queue.indexOf(entry)
      if (found >= 0) queue.splice(found, 1)
    }
  }

  const move = (ms: number) => {
    offset += ms
    standing += ms
    runDue()
  }

  return {
    now,
    at,
    advance: move,
    set: (epochMs) => move(epochMs - now()),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        const onAbort = () => {
          cancel()
          reject(signal?.reason)
        }
        const cancel = at(now() + ms, () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        })
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    stop: () => {
      clearTimeout(timer)
      queue = []
    },
  }
}
