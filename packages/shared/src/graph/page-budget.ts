import { AppError } from '../errors/app-error.ts'
import type { Clock } from '../lifecycle/clock.ts'
import { type CallQueue, createCallQueue } from './call-queue.ts'
import { type BucketRate, type BucketState, draw, refill, waitToDrawMs } from './token-bucket.ts'
import {
  type BucketName,
  type BudgetReport,
  type GateName,
  type Gates,
  gatesAfter,
  OPEN_GATE,
  pausedUntilMs,
  shareLeft,
} from './usage-gates.ts'

export type { BucketName, BudgetReport } from './usage-gates.ts'

/** Lower goes first: what a person waits for goes ahead of syncing. */
export const CALL_PRIORITY = { push: 0, pull: 1, sync: 2, name: 2 } as const
export type CallPriority = (typeof CALL_PRIORITY)[keyof typeof CALL_PRIORITY]

export type BudgetRates = Readonly<Record<BucketName, BucketRate>>

/** Conversations API: 2 calls a second per page (Graph API "Rate limits"). No burst: a window of any second stays within it. */
export const DEFAULT_RATES: BudgetRates = {
  conversations: { perSecond: 2, capacity: 1 },
  page: { perSecond: 10, capacity: 5 },
  profile: { perSecond: 5, capacity: 5 },
  send: { perSecond: 40, capacity: 10 },
}

interface GateState {
  readonly usage_percent: number
  readonly paused_until_ms: number
}

/** What is kept with the page's lease: its own members are the state of the app's limit. */
export interface BudgetState extends GateState {
  readonly buckets: Readonly<Record<string, BucketState>>
  /** The states of the other limits. */
  readonly gates?: Readonly<Record<string, GateState>>
}

export interface PageBudget {
  /**
   * Resolves when a call may be made, in order of priority, then of asking; each kind of call has a queue of its own.
   * A batch draws what its parts cost at once: any time of t seconds holds at most rate × t + capacity calls, and for
   * batches one less than such a batch costs.
   *
   * @throws the signal's reason; AppError SHUTTING_DOWN after `close`
   */
  take(bucket: BucketName, priority: CallPriority, signal?: AbortSignal, cost?: number): Promise<void>
  /** What an answer told: from 80 % on calls become rarer, at 100 % or refused they stop for as long as Facebook says. */
  observe(report: BudgetReport): void
  /** How many calls of a kind one second has: the most that a batch should draw at once. */
  callsPerSecond(bucket: BucketName): number
  state(): BudgetState
  /** Rejects who waits, and who asks later. */
  close(): void
}

/** A page's budget of Graph calls. Others wait for nothing that happens here: there is one for each page. */
export function createPageBudget(
  rates: BudgetRates,
  clock: Clock,
  stored?: BudgetState,
  random: () => number = Math.random,
): PageBudget {
  for (const [name, { perSecond, capacity }] of Object.entries(rates))
    if (!(perSecond > 0 && capacity >= 1))
      throw new RangeError(`The rate of ${name} must be above 0, its capacity at least 1`)
  const names = Object.keys(rates) as BucketName[]
  const buckets = new Map<BucketName, BucketState>()
  const queues = new Map<BucketName, CallQueue>()
  const closed = new AbortController()
  let gates = toGates(stored)

  const rateOf = (bucket: BucketName): BucketRate => {
    const { perSecond, capacity } = rates[bucket]
    return { perSecond: perSecond * shareLeft(gates, bucket), capacity }
  }
  const current = (bucket: BucketName): BucketState => {
    const full = { tokens: rates[bucket].capacity, at_ms: clock.now() }
    return refill(buckets.get(bucket) ?? stored?.buckets[bucket] ?? full, rateOf(bucket), clock.now())
  }
  const queueOf = (bucket: BucketName): CallQueue => {
    const known = queues.get(bucket)
    if (known) return known
    const queue = createCallQueue({
      clock,
      waitMs: (cost) =>
        Math.max(pausedUntilMs(gates, bucket) - clock.now(), waitToDrawMs(current(bucket), rateOf(bucket), cost)),
      draw: (cost) => void buckets.set(bucket, draw(current(bucket), cost)),
      closed: closed.signal,
    })
    queues.set(bucket, queue)
    return queue
  }

  return {
    take: (bucket, priority, signal, cost = 1) => queueOf(bucket).take({ priority, cost, signal }),
    observe(report) {
      // What has flowed in so far came at the rate of before.
      for (const name of names) buckets.set(name, current(name))
      gates = gatesAfter(gates, report, clock.now(), random)
      for (const queue of queues.values()) queue.look()
    },
    callsPerSecond: (bucket) => Math.max(1, Math.floor(rates[bucket].perSecond)),
    state: () => ({
      buckets: Object.fromEntries(names.map((name) => [name, current(name)])),
      ...fromGates(gates),
    }),
    close() {
      closed.abort(new AppError('SHUTTING_DOWN', 'The page is no longer served here'))
    },
  }
}

function toGates(stored: BudgetState | undefined): Gates {
  if (!stored) return {}
  const toGate = ({ usage_percent, paused_until_ms }: GateState) => ({
    ...OPEN_GATE,
    usagePercent: usage_percent,
    pausedUntilMs: paused_until_ms,
  })
  const others = Object.entries(stored.gates ?? {}).map(([name, gate]) => [name, toGate(gate)])
  return { ...Object.fromEntries(others), all: toGate(stored) }
}

function fromGates(gates: Gates): Omit<BudgetState, 'buckets'> {
  const state = (name: GateName): GateState => ({
    usage_percent: gates[name]?.usagePercent ?? 0,
    paused_until_ms: gates[name]?.pausedUntilMs ?? 0,
  })
  const others = (Object.keys(gates) as GateName[]).filter((name) => name !== 'all')
  return { ...state('all'), gates: Object.fromEntries(others.map((name) => [name, state(name)])) }
}
