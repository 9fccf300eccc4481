import { describe, expect, it } from 'vitest'
import { createBatchRunner } from './batch-runner.ts'
import type { RecordBatch, StoredRecord } from './event-log.ts'

const SOON_MS = 20

function recordsOf(partition: number, offsets: readonly number[]): StoredRecord[] {
  const value = Buffer.alloc(0)
  return offsets.map((offset) => ({ topic: 't', partition, offset, timestampMs: 0, key: '', value, headers: {} }))
}

/** A runner over two partitions of ten records each, whose handler calls end when the test says so. */
function heldRunner(batchesAtOnce = 2) {
  const positions = new Map<number, number>()
  const calls: {
    readonly batch: RecordBatch
    readonly signal: AbortSignal
    readonly resolve: () => void
    readonly reject: (error: Error) => void
  }[] = []
  const handled: [number, number][] = []
  const failed: number[] = []
  const waits: (() => void)[] = []
  const runner = createBatchRunner({
    topic: 't',
    recordsMax: 4,
    batchesAtOnce,
    clock: { now: () => 0, sleep: () => new Promise((resolve) => waits.push(resolve)) },
    handleBatch(batch, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      calls.push({ batch, signal, resolve, reject })
      return promise
    },
    take(partition, max) {
      const from = positions.get(partition) ?? 0
      const offsets = Array.from({ length: Math.min(max, 10 - from) }, (_, i) => from + i)
      positions.set(partition, from + offsets.length)
      return recordsOf(partition, offsets)
    },
    onHandled: (partition, offset) => handled.push([partition, offset]),
    onFailed: (partition) => failed.push(partition),
  })
  const shown = (): string[] =>
    calls.map(({ batch }) =>
      [...Map.groupBy(batch.records, ({ partition }) => partition)]
        .map(([partition, records]) => `${partition}:${records.map(({ offset }) => offset).join('')}`)
        .join(' '),
    )
  return { runner, calls, handled, failed, waits, shown, positions }
}

/** Lets everything run that is due. */
const aTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

describe('createBatchRunner', () => {
  it('hands over one batch at a time per partition, and the next when it is done', async () => {
    const { runner, calls, handled, shown } = heldRunner()
    runner.assign(0)
    runner.assign(1)
    await aTurn()
    expect(shown()).toEqual(['0:0123', '1:0123'])
    calls[0]!.resolve()
    await aTurn()
    expect(shown()).toEqual(['0:0123', '1:0123', '0:4567'])
    expect(handled).toEqual([[0, 3]])
  })

  it('hands over no more batches at a time than it may, and lets no partition wait for ever', async () => {
    const { runner, calls, shown } = heldRunner(1)
    runner.assign(0)
    runner.assign(1)
    for (let i = 0; i < 4; i++) {
      await aTurn()
      calls[i]!.resolve()
    }
    await aTurn()
    expect(shown()).toEqual(['0:0123', '1:0123', '0:4567', '1:4567', '0:89'])
  })

  it('hands over what waits of several partitions in one batch, and of one that is rejected each by itself', async () => {
    const { runner, calls, shown, positions, waits, handled } = heldRunner(1)
    runner.assign(0)
    for (const partition of [1, 2, 3]) {
      positions.set(partition, 9)
      runner.assign(partition)
    }
    await aTurn()
    positions.set(0, 10)
    calls[0]!.resolve()
    await aTurn()
    expect(shown()).toEqual(['0:0123', '1:9 2:9 3:9'])
    calls[1]!.reject(new Error('one of them'))
    await aTurn()
    for (const [i, wait] of waits.entries()) {
      wait()
      await aTurn()
      calls[2 + i]!.resolve()
      await aTurn()
    }
    expect(shown().slice(2)).toEqual(['1:9', '2:9', '3:9'])
    expect(handled).toEqual([
      [0, 3],
      [1, 9],
      [2, 9],
      [3, 9],
    ])
  })

  it('hands over a rejected batch again after its wait, and others meanwhile', async () => {
    const { runner, calls, failed, waits, shown, handled } = heldRunner(1)
    runner.assign(0)
    runner.assign(1)
    await aTurn()
    calls[0]!.reject(new Error('no'))
    await aTurn()
    expect(failed).toEqual([0])
    expect(runner.busy(0)).toBe(true)
    calls[1]!.resolve()
    await aTurn()
    waits[0]!()
    calls[2]!.resolve()
    await aTurn()
    expect(shown()).toEqual(['0:0123', '1:0123', '1:4567', '0:0123'])
    calls[3]!.resolve()
    await aTurn()
    expect(handled).toEqual([
      [1, 3],
      [1, 7],
      [0, 3],
    ])
  })

  it('treats a handler that throws at once like one that rejects', async () => {
    const failures: unknown[] = []
    const runner = createBatchRunner({
      topic: 't',
      recordsMax: 1,
      batchesAtOnce: 1,
      clock: { now: () => 0, sleep: () => new Promise(() => {}) },
      handleBatch() {
        throw new Error('at once')
      },
      take: (partition) => recordsOf(partition, [0]),
      onHandled: () => {},
      onFailed: (_partition, error) => failures.push(error),
    })
    runner.assign(0)
    await aTurn()
    expect(failures).toEqual([new Error('at once')])
  })

  it('counts nothing of a dropped partition, and hands it over again only after its handler has ended', async () => {
    const { runner, calls, handled, shown, positions } = heldRunner()
    runner.assign(0)
    await aTurn()
    runner.drop(0)
    expect(calls[0]!.signal.aborted).toBe(true)
    positions.set(0, 0)
    runner.assign(0)
    await aTurn()
    expect(shown()).toEqual(['0:0123'])
    calls[0]!.resolve()
    await aTurn()
    expect(handled).toEqual([])
    expect(shown()).toEqual(['0:0123', '0:0123'])
    expect(calls[1]!.signal.aborted).toBe(false)
  })

  it('lets the batch in hand of a released partition finish, and count', async () => {
    const { runner, calls, handled, shown } = heldRunner()
    runner.assign(0)
    await aTurn()
    const released = runner.release(0, 10_000)
    expect(calls[0]!.signal.aborted).toBe(true)
    calls[0]!.resolve()
    await released
    await aTurn()
    expect(handled).toEqual([[0, 3]])
    expect(shown()).toEqual(['0:0123'])
  })

  it('waits no longer than the grace for a released partition', async () => {
    const { runner, calls, handled } = heldRunner()
    runner.assign(0)
    await aTurn()
    await runner.release(0, SOON_MS)
    calls[0]!.resolve()
    await aTurn()
    expect(handled).toEqual([])
  })

  it('hands over nothing while it is held, and goes on from there', async () => {
    const { runner, calls, shown } = heldRunner()
    runner.assign(0)
    await aTurn()
    const holding = runner.hold(10_000)
    calls[0]!.resolve()
    await holding
    runner.assign(1)
    await aTurn()
    expect(shown()).toEqual(['0:0123'])
    runner.resume()
    await aTurn()
    expect(shown().sort()).toEqual(['0:0123', '0:4567', '1:0123'])
  })

  it('does not hand over again, when released, a batch that waits after its rejection', async () => {
    const { runner, calls, waits, shown } = heldRunner()
    runner.assign(0)
    await aTurn()
    calls[0]!.reject(new Error('no'))
    await aTurn()
    await runner.close(10_000)
    waits[0]!()
    await aTurn()
    expect(shown()).toEqual(['0:0123'])
  })
})
