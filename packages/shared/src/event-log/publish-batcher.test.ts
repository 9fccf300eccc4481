import { describe, expect, it } from 'vitest'
import { AppError } from '../errors/app-error.ts'
import { type LogRecord, type PublishOptions, RECORD_BYTES_MAX } from './event-log.ts'
import { createPublishBatcher } from './publish-batcher.ts'

const record = (value: string): LogRecord => ({ key: 'k', value, headers: {} })

/** A log whose publishes end when the test says so: only the timing of the batcher is looked at here. */
function heldLog() {
  const calls: { values: string[]; timeoutMs: number | undefined; resolve: () => void; reject: (e: Error) => void }[] =
    []
  const publish = (_topic: string, records: readonly LogRecord[], options?: PublishOptions): Promise<void> => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    calls.push({ values: records.map((r) => r.value), timeoutMs: options?.timeoutMs, resolve, reject })
    return promise
  }
  return { calls, publish }
}

/** What was begun is under way after it. */
async function aMoment(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

async function outcome(promise: Promise<void>): Promise<string> {
  return promise.then(
    () => 'published',
    (error: AppError) => error.code,
  )
}

describe('createPublishBatcher', () => {
  it('publishes a lone record after a few turns of the event loop, without a timer', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't')
    void batcher.publish([record('a')])
    await aMoment()
    expect(log.calls.map((call) => call.values)).toEqual([['a']])
  })

  it('publishes together what came at the same time', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't')
    const calls = [batcher.publish([record('a')]), batcher.publish([record('b')])]
    await aMoment()
    expect(log.calls.map(({ values }) => values)).toEqual([['a', 'b']])
    log.calls[0]!.resolve()
    await Promise.all(calls)
  })

  it('publishes together, in order, what arrives during a publish', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't')
    const first = batcher.publish([record('a')])
    await aMoment()
    const others = [batcher.publish([record('b'), record('c')]), batcher.publish([record('d')])]
    expect(log.calls).toHaveLength(1)
    log.calls[0]!.resolve()
    await first
    await aMoment()
    expect(log.calls.map((call) => call.values)).toEqual([['a'], ['b', 'c', 'd']])
    expect(batcher.waiting().records).toBe(3)
    log.calls[1]!.resolve()
    await Promise.all(others)
    await aMoment()
    expect(batcher.waiting()).toEqual({ records: 0, bytes: 0 })
  })

  it('fails the calls of the publish that failed and no others', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't')
    const first = batcher.publish([record('a')])
    await aMoment()
    const second = batcher.publish([record('b')])
    log.calls[0]!.reject(new AppError('EVENT_LOG_UNAVAILABLE', 'down'))
    expect(await outcome(first)).toBe('EVENT_LOG_UNAVAILABLE')
    await aMoment()
    log.calls[1]!.resolve()
    expect(await outcome(second)).toBe('published')
  })

  it('puts no more than its limits into one publish', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't', { roundRecordsMax: 2, roundBytesMax: 100 })
    void batcher.publish([record('a')])
    void batcher.publish([record('b')])
    void batcher.publish([record('c'), record('d')])
    void batcher.publish([record('e'.repeat(99))])
    void batcher.publish([record('f')])
    await aMoment()
    for (let i = 0; i < 4; i++) {
      log.calls[i]?.resolve()
      await aMoment()
    }
    expect(log.calls.map((call) => call.values.map((value) => value[0]).join(''))).toEqual(['ab', 'cd', 'e', 'f'])
  })

  it('fails at once what comes when too many records or bytes wait', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't', { waitingRecordsMax: 3, waitingBytesMax: 50 })
    void batcher.publish([record('a')])
    void batcher.publish([record('b')])
    expect(await outcome(batcher.publish([record('c'), record('d')]))).toBe('EVENT_LOG_UNAVAILABLE')
    expect(await outcome(batcher.publish([record('e'.repeat(60))]))).toBe('EVENT_LOG_UNAVAILABLE')
    await aMoment()
    expect(log.calls.map(({ values }) => values)).toEqual([['a', 'b']])
  })

  it('takes a call that is above the limits by itself when nothing waits', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't', { roundRecordsMax: 1, waitingRecordsMax: 1 })
    void batcher.publish([record('a'), record('b')])
    await aMoment()
    expect(log.calls.map((call) => call.values)).toEqual([['a', 'b']])
  })

  it('fails only the caller whose record is too large', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't')
    const tooLarge = batcher.publish([record('x'.repeat(RECORD_BYTES_MAX))])
    const fine = batcher.publish([record('a')])
    expect(await outcome(tooLarge)).toBe('PAYLOAD_TOO_LARGE')
    await aMoment()
    log.calls[0]!.resolve()
    expect(await outcome(fine)).toBe('published')
  })

  it('gives up on calls that waited longer than a call may take', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't', { callMsMax: 1_000, publishTimeoutMs: 20 })
    const first = batcher.publish([record('a')])
    await aMoment()
    const second = batcher.publish([record('b')])
    expect(log.calls[0]!.timeoutMs).toBe(20)
    await new Promise((resolve) => setTimeout(resolve, 1_010))
    log.calls[0]!.resolve()
    expect(await outcome(first)).toBe('published')
    expect(await outcome(second)).toBe('EVENT_LOG_UNAVAILABLE')
    expect(log.calls).toHaveLength(1)
  })

  it('publishes what waits when it is closed, and takes no more', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't')
    const first = batcher.publish([record('a')])
    await aMoment()
    const second = batcher.publish([record('b')])
    const closing = batcher.close()
    expect(await outcome(batcher.publish([record('c')]))).toBe('EVENT_LOG_UNAVAILABLE')
    log.calls[0]!.resolve()
    await first
    await aMoment()
    log.calls[1]!.resolve()
    await closing
    expect(await outcome(second)).toBe('published')
    expect(batcher.close()).toBe(closing)
  })

  it('fails what is left when the limit for closing has passed', async () => {
    const log = heldLog()
    const batcher = createPublishBatcher(log, 't', { closeMsMax: 20 })
    void batcher.publish([record('a')])
    await aMoment()
    const second = batcher.publish([record('b')])
    await batcher.close()
    expect(await outcome(second)).toBe('EVENT_LOG_UNAVAILABLE')
  })
})
