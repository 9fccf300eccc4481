import { backOffMs } from '../lifecycle/back-off.ts'
import type { Clock } from '../lifecycle/clock.ts'
import type { RecordBatch, StoredRecord } from './event-log.ts'
import { settledWithin } from './within.ts'

/** Waits after a rejected batch: full jitter below 1 s, 2 s, 4 s … 30 s. */
export const BATCH_BACK_OFF = { baseMs: 1000, maxMs: 30_000 }

export interface BatchRunnerDeps {
  readonly topic: string
  readonly recordsMax: number
  /** Of all batches in hand together; of a single batch `recordsMax` is what counts. */
  readonly recordsInHandMax: number
  readonly clock: Clock
  readonly handleBatch: (batch: RecordBatch, signal: AbortSignal) => Promise<void>
  /** The partition's next records, at most `recordsMax`, or none. What was taken is not asked for again. */
  readonly take: (partition: number, recordsMax: number) => readonly StoredRecord[]
  /** Everything up to this offset is done and may be committed. */
  readonly onHandled: (partition: number, lastOffset: number) => void
  readonly onFailed: (partition: number, error: unknown, retryInMs: number) => void
}

/**
 * Hands the records of the partitions that a subscription owns to its handler: one batch at a time per partition, as many
 * partitions side by side as leave room for a whole batch more, the same batch again after a back-off when it was
 * rejected. So few records wait for nobody, and many do not fill the memory. Where records come from and where offsets
 * go is the engine's business.
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

export function createBatchRunner(deps: BatchRunnerDeps): BatchRunner {
  const lanes = new Map<number, Lane>()
  const queue: Lane[] = []
  /** By partition and not by lane: a partition that comes back waits for the handler of its former lane. */
  const inHand = new Map<number, Promise<void>>()
  let recordsInHand = 0
  let held = false

  function enqueue(lane: Lane): void {
    if (lane.state !== 'idle') return
    lane.state = 'queued'
    queue.push(lane)
    startQueued()
  }

  function startQueued(): void {
    while (!held && (recordsInHand === 0 || recordsInHand + deps.recordsMax <= deps.recordsInHandMax)) {
      const at = queue.findIndex((lane) => !inHand.has(lane.partition))
      if (at < 0) return
      const lane = queue.splice(at, 1)[0]!
      lane.state = 'idle'
      start(lane)
    }
  }

  function start(lane: Lane): void {
    let records = lane.rejected
    try {
      records ??= deps.take(lane.partition, deps.recordsMax)
    } catch (error) {
      void tryLater(lane, undefined, error)
      return
    }
    if (records.length === 0) return
    lane.state = 'running'
    recordsInHand += records.length
    inHand.set(lane.partition, handle(lane, records))
  }

  async function handle(lane: Lane, records: readonly StoredRecord[]): Promise<void> {
    const { partition, controller } = lane
    let failure: { readonly error: unknown } | undefined
    try {
      await null // so that a handler that throws at once ends, too, after it was noted as in hand
      await deps.handleBatch({ topic: deps.topic, partition, records }, controller.signal)
    } catch (error) {
      failure = { error }
    }
    inHand.delete(partition)
    recordsInHand -= records.length
    if (lanes.get(partition) === lane) {
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
    startQueued()
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
