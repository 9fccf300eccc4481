import { backOffMs } from '../lifecycle/back-off.ts'
import type { Clock } from '../lifecycle/clock.ts'
import type { RecordBatch, StoredRecord } from './event-log.ts'
import { settledWithin } from './within.ts'

/** Waits after a rejected batch: full jitter below 1 s, 2 s, 4 s … 30 s. */
export const BATCH_BACK_OFF = { baseMs: 1000, maxMs: 30_000 }

export interface BatchRunnerDeps {
  readonly topic: string
  readonly recordsMax: number
  readonly batchesAtOnce: number
  readonly clock: Clock
  readonly handleBatch: (batch: RecordBatch, signal: AbortSignal) => Promise<void>
  /** The partition's next records, at most `recordsMax`, or none. What was taken is not asked for again. */
  readonly take: (partition: number, recordsMax: number) => readonly StoredRecord[]
  /** Everything up to this offset is done and may be committed. */
  readonly onHandled: (partition: number, lastOffset: number) => void
  readonly onFailed: (partition: number, error: unknown, retryInMs: number) => void
}

/**
 * Hands the records of the partitions that a subscription owns to its handler: all that wait, of however many partitions,
 * in one batch up to its size, since what a batch costs is mostly the same however small it is. Beside a batch that is
 * full, and only then, others are in hand: what comes meanwhile is handled sooner together than in many small ones that
 * slow each other down. When a batch was rejected, the records of each of its partitions come again by
 * themselves after a back-off, so that one that fails holds up no other for longer. Where records come from and where
 * offsets go is the engine's business.
 */
export interface BatchRunner {
  /** The partition is ours from now on. */
  assign(partition: number): void
  /** There may be something to take. */
  wake(partition: number): void
  /** The handler has a batch of it, waits with one, or is about to get one. */
  busy(partition: number): boolean
  /** Lost: its signal fires and the result of a batch in hand no longer counts. */
  drop(partition: number): void
  /** Given up: its signal fires; a batch in hand may finish within the grace, and counts. */
  release(partition: number, graceMs: number): Promise<void>
  /** No new batches until `resume`; resolves when none is in hand, or after the grace. */
  hold(graceMs: number): Promise<void>
  resume(): void
  /** Releases all partitions. */
  close(graceMs: number): Promise<void>
}

interface Lane {
  readonly partition: number
  readonly controller: AbortController
  state: 'idle' | 'queued' | 'running' | 'waiting' | 'ending'
  /** A rejected batch, to be handed over again. */
  rejected: readonly StoredRecord[] | undefined
  attempts: number
}

interface Taken {
  readonly lane: Lane
  readonly records: readonly StoredRecord[]
}

export function createBatchRunner(deps: BatchRunnerDeps): BatchRunner {
  const lanes = new Map<number, Lane>()
  const queue: Lane[] = []
  /** By partition and not by lane: a partition that comes back waits for the handler of its former lane. */
  const inHand = new Map<number, Promise<void>>()
  let batches = 0
  let notFull = 0
  let held = false

  function enqueue(lane: Lane): void {
    if (lane.state !== 'idle') return
    lane.state = 'queued'
    queue.push(lane)
    startQueued()
  }

  function startQueued(): void {
    while (!held && notFull === 0 && batches < deps.batchesAtOnce) {
      const some = takeQueued()
      if (some.length === 0) return
      const handled = handle(some)
      for (const { lane } of some) inHand.set(lane.partition, handled)
    }
  }

  /** Of what waits as much as one batch holds; what was rejected before, by itself. */
  function takeQueued(): Taken[] {
    const some: Taken[] = []
    let room = deps.recordsMax
    for (const lane of queue.filter(({ partition }) => !inHand.has(partition))) {
      if (room === 0) break
      if (lane.rejected && some.length > 0) continue
      queue.splice(queue.indexOf(lane), 1)
      lane.state = 'idle'
      const records = lane.rejected ?? takeRecords(lane, room)
      if (records.length === 0) continue
      lane.state = 'running'
      some.push({ lane, records })
      room = lane.rejected ? 0 : room - records.length
    }
    return some
  }

  function takeRecords(lane: Lane, recordsMax: number): readonly StoredRecord[] {
    try {
      return deps.take(lane.partition, recordsMax)
    } catch (error) {
      void tryLater(lane, undefined, error)
      return []
    }
  }

  async function handle(some: readonly Taken[]): Promise<void> {
    const records = some.flatMap((each) => each.records)
    const isFull = records.length >= deps.recordsMax
    batches++
    if (!isFull) notFull++
    let failure: { readonly error: unknown } | undefined
    try {
      await null // so that a handler that throws at once ends, too, after it was noted as in hand
      const signals = some.map(({ lane }) => lane.controller.signal)
      const signal = signals.length === 1 ? (signals[0] as AbortSignal) : AbortSignal.any(signals)
      await deps.handleBatch({ topic: deps.topic, records }, signal)
    } catch (error) {
      failure = { error }
    }
    batches--
    if (!isFull) notFull--
    for (const each of some) settle(each.lane, each.records, failure)
    startQueued()
  }

  function settle(
    lane: Lane,
    records: readonly StoredRecord[],
    failure: { readonly error: unknown } | undefined,
  ): void {
    const { partition } = lane
    inHand.delete(partition)
    if (lanes.get(partition) !== lane) return
    if (!failure) {
      lane.rejected = undefined
      lane.attempts = 0
      deps.onHandled(partition, records.at(-1)!.offset)
      // Not at once: with a fast handler the event loop would do nothing else while there is a backlog.
      if (lane.state === 'running') setImmediate(goOn, lane)
    } else if (lane.state === 'running') {
      void tryLater(lane, records, failure.error)
    }
  }

  function goOn(lane: Lane): void {
    if (lane.state !== 'running') return
    lane.state = 'idle'
    enqueue(lane)
  }

  async function tryLater(lane: Lane, records: readonly StoredRecord[] | undefined, error: unknown): Promise<void> {
    lane.state = 'waiting'
    lane.rejected = records
    lane.attempts += 1
    const retryInMs = backOffMs(lane.attempts, BATCH_BACK_OFF)
    deps.onFailed(lane.partition, error, retryInMs)
    await deps.clock.sleep(retryInMs, lane.controller.signal).catch(() => {})
    if (lane.state !== 'waiting') return
    lane.state = 'idle'
    enqueue(lane)
  }

  /** No new batch of it; its signal fires. */
  function end(lane: Lane): void {
    lane.state = 'ending'
    const at = queue.indexOf(lane)
    if (at >= 0) queue.splice(at, 1)
    lane.controller.abort()
  }

  async function release(partition: number, graceMs: number): Promise<void> {
    const lane = lanes.get(partition)
    if (!lane) return
    end(lane)
    await settledWithin(inHand.get(partition) ?? Promise.resolve(), graceMs)
    if (lanes.get(partition) === lane) lanes.delete(partition)
  }

  return {
    assign(partition) {
      if (lanes.has(partition)) return
      const controller = new AbortController()
      const lane: Lane = { partition, controller, state: 'idle', rejected: undefined, attempts: 0 }
      lanes.set(partition, lane)
      enqueue(lane)
    },
    wake(partition) {
      const lane = lanes.get(partition)
      if (lane) enqueue(lane)
    },
    busy: (partition) => (lanes.get(partition)?.state ?? 'idle') !== 'idle',
    drop(partition) {
      const lane = lanes.get(partition)
      if (!lane) return
      lanes.delete(partition)
      end(lane)
    },
    release,
    async hold(graceMs) {
      held = true
      await settledWithin(Promise.all(inHand.values()), graceMs)
    },
    resume() {
      held = false
      startQueued()
    },
    async close(graceMs) {
      await Promise.all([...lanes.keys()].map((partition) => release(partition, graceMs)))
    },
  }
}
