import { AppError } from '../errors/app-error.ts'
import type { Clock } from '../lifecycle/clock.ts'
import type { GraphUsage } from './graph-usage.ts'
import { type BucketRate, type BucketState, refill, waitForTokenMs } from './token-bucket.ts'

/** Which of Facebook's limits a call counts against. */
export type BucketName = 'conversations' | 'page' | 'send'

/** Lower goes first: what a person waits for goes ahead of syncing. */
export const CALL_PRIORITY = { push: 0, pull: 1, sync: 2 } as const
export type CallPriority = (typeof CALL_PRIORITY)[keyof typeof CALL_PRIORITY]

export type BudgetRates = Readonly<Record<BucketName, BucketRate>>

/** Conversations API: 2 calls a second per page (Facebook's rate limiting overview). No burst: a window of any second stays within it. */
export const DEFAULT_RATES: BudgetRates = {
  conversations: { perSecond: 2, capacity: 1 },
  page: { perSecond: 10, capacity: 5 },
  send: { perSecond: 40, capacity: 10 },
}

/** What is kept with the page's lease. */
export interface BudgetState {
  readonly buckets: Readonly<Record<string, BucketState>>
  readonly usage_percent: number
  readonly paused_until_ms: number
}

export interface PageBudget {
  /**
   * Resolves when a call may be made, in order of priority, then of asking.
   *
   * @throws the signal's reason; AppError SHUTTING_DOWN after `close`
   */
  take(bucket: BucketName, priority: CallPriority, signal?: AbortSignal): Promise<void>
  /** What Facebook's headers said: from 80 % on calls become rarer, at 100 % they stop for as long as Facebook says. */
  observe(usage: GraphUsage): void
  state(): BudgetState
  close(): void
}

const SLOW_FROM_PERCENT = 80
/** Facebook's windows roll: without a time from Facebook we look again after this. */
const FULL_PAUSE_MS = 60_000

interface Waiter {
  readonly priority: CallPriority
  readonly resolve: () => void
  readonly reject: (reason: unknown) => void
}

export function createPageBudget(rates: BudgetRates, clock: Clock, stored?: BudgetState): PageBudget {
  const buckets = new Map<BucketName, BucketState>()
  const waiters = new Map<BucketName, Waiter[]>()
  const pumping = new Set<BucketName>()
  const closed = new AbortController()
  let usagePercent = stored?.usage_percent ?? 0
  let pausedUntilMs = stored?.paused_until_ms ?? 0

  const rateOf = (bucket: BucketName): BucketRate => {
    const { perSecond, capacity } = rates[bucket]
    const left = Math.max(0.05, Math.min(1, (100 - usagePercent) / (100 - SLOW_FROM_PERCENT)))
    return { perSecond: perSecond * left, capacity }
  }
  const current = (bucket: BucketName): BucketState => {
    const state = buckets.get(bucket) ??
      stored?.buckets[bucket] ?? { tokens: rates[bucket].capacity, at_ms: clock.now() }
    return refill(state, rateOf(bucket), clock.now())
  }

  /** One loop per bucket while somebody waits: grants the first waiter whenever a token is there. Never rejects. */
  const pump = async (bucket: BucketName): Promise<void> => {
    const queue = waiters.get(bucket) as Waiter[]
    try {
      while (queue.length > 0) {
        const state = current(bucket)
        const waitMs = Math.max(pausedUntilMs - clock.now(), waitForTokenMs(state, rateOf(bucket)))
        if (waitMs > 0) {
          await clock.sleep(waitMs, closed.signal)
          continue
        }
        buckets.set(bucket, { ...state, tokens: state.tokens - 1 })
        queue.shift()?.resolve()
      }
    } catch (reason) {
      for (const waiter of queue.splice(0)) waiter.reject(closed.signal.aborted ? closed.signal.reason : reason)
    } finally {
      // In the same turn in which the queue was found empty: whoever asks next starts a new loop.
      pumping.delete(bucket)
    }
  }

  const startPump = (bucket: BucketName): void => {
    if (pumping.has(bucket)) return
    pumping.add(bucket)
    void pump(bucket)
  }

  return {
    take(bucket, priority, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      if (closed.signal.aborted) return Promise.reject(closed.signal.reason)
      if (signal?.aborted) return Promise.reject(signal.reason)
      const queue = waiters.get(bucket) ?? []
      waiters.set(bucket, queue)
      const onAbort = (): void => {
        queue.splice(queue.indexOf(waiter), 1)
        reject(signal?.reason)
      }
      const settled = (): void => signal?.removeEventListener('abort', onAbort)
      const waiter: Waiter = {
        priority,
        resolve: () => {
          settled()
          resolve()
        },
        reject: (reason) => {
          settled()
          reject(reason)
        },
      }
      const behind = queue.findIndex((other) => other.priority > priority)
      queue.splice(behind === -1 ? queue.length : behind, 0, waiter)
      signal?.addEventListener('abort', onAbort, { once: true })
      startPump(bucket)
      return promise
    },
    observe({ percent, waitMs }) {
      usagePercent = percent
      if (waitMs > 0) pausedUntilMs = Math.max(pausedUntilMs, clock.now() + waitMs)
      else if (percent >= 100) pausedUntilMs = Math.max(pausedUntilMs, clock.now() + FULL_PAUSE_MS)
    },
    state: () => ({
      buckets: Object.fromEntries((Object.keys(rates) as BucketName[]).map((bucket) => [bucket, current(bucket)])),
      usage_percent: usagePercent,
      paused_until_ms: pausedUntilMs,
    }),
    close() {
      closed.abort(new AppError('SHUTTING_DOWN', 'The page is no longer served here'))
    },
  }
}
