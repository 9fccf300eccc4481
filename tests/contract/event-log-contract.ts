import { randomUUID } from 'node:crypto'
import type { AppError } from '@pagesync/shared/errors/app-error.ts'
import {
  type EventLog,
  type LogRecord,
  RECORD_BYTES_MAX,
  type RecordBatch,
  type StoredRecord,
} from '@pagesync/shared/event-log/event-log.ts'
import { beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'

/** An engine for one test. Disposing closes what was opened and removes its data. */
export interface EventLogBed extends AsyncDisposable {
  /** Opens the log on the bed's data; again, too, after the earlier one was closed. */
  open(): Promise<EventLog>
}

export interface EventLogContractOptions {
  /** Why the engine cannot be had here; '' when it can. */
  readonly skipReason?: string
  readonly topicPrefix?: string
}

const HOUR_MS = 3_600_000
/** Longer than any wait for a rebalance or a back-off that the tests provoke. */
const SLOW_MS = 40_000

/** What every engine behind the EventLog port must do. A new adapter passes this before anything uses it. */
export function describeEventLogContract(
  name: string,
  openBed: () => Promise<EventLogBed>,
  options: EventLogContractOptions = {},
): void {
  const unique = (what: string): string => `${options.topicPrefix ?? 'contract-'}${what}-${randomUUID().slice(0, 8)}`

  async function withTopic(log: EventLog, partitions = 3): Promise<string> {
    const topic = unique('topic')
    await log.ensureTopics([{ name: topic, partitions, retentionMs: HOUR_MS }])
    return topic
  }

  /** Two keys whose records go to different ones of three partitions, found by trying on a topic of their own. */
  async function keysOfTwoPartitions(log: EventLog): Promise<[string, string]> {
    const topic = await withTopic(log)
    const keys = Array.from({ length: 12 }, (_, i) => `key-${i}-`)
    await log.publish(topic, recordsOf(keys, 1))
    const seen = await readAll(log, topic, unique('group'), keys.length)
    const first = seen[0]!
    const second = seen.find(({ partition }) => partition !== first.partition)!
    return [first.key, second.key]
  }

  describe(`event log contract: ${name}`, () => {
    beforeEach(({ skip }) => {
      if (options.skipReason) skip(options.skipReason)
    })

    describe('publish', () => {
      it('keeps key, bytes and headers as they were written', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const records: LogRecord[] = [
          { key: 'plain', value: '{"a":1}', headers: { type: 'message', traceparent: '00-abc-def-01' } },
          { key: 'ключ', value: 'größe 😀 \u0000 end', headers: {} },
          { key: '', value: '', headers: { empty: '' } },
        ]
        const before = Date.now()
        await log.publish(topic, records)
        const seen = await readAll(log, topic, unique('group'), 3)
        for (const record of records) {
          const stored = seen.find(({ key }) => key === record.key)
          expect(stored).toMatchObject({ topic, key: record.key, headers: record.headers })
          expect(stored!.value.equals(Buffer.from(record.value))).toBe(true)
          expect(stored!.timestampMs).toBeGreaterThan(before - 60_000)
          expect(stored!.timestampMs).toBeLessThan(Date.now() + 60_000)
        }
      })

      it('keeps the order of each key, within a call and over calls that follow each other', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        for (let round = 0; round < 5; round++) {
          await log.publish(topic, recordsOf(['a', 'b', 'c', 'd'], 20, round * 20))
        }
        const seen = await readAll(log, topic, unique('group'), 400)
        for (const key of ['a', 'b', 'c', 'd']) {
          const own = seen.filter((record) => record.key === key)
          expect(own.map(textOf)).toEqual(Array.from({ length: 100 }, (_, i) => `${key}${i}`))
          expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
          expect(own.every(({ offset }, i) => i === 0 || offset > own[i - 1]!.offset)).toBe(true)
        }
      })

      it('refuses a record that is too large and writes none of its call', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const large = { key: 'a', value: 'x'.repeat(RECORD_BYTES_MAX), headers: {} }
        expect(await codeOf(log.publish(topic, [...recordsOf(['a'], 3), large]))).toBe('PAYLOAD_TOO_LARGE')
        await log.publish(topic, recordsOf(['after'], 1))
        const seen = await readAll(log, topic, unique('group'), 1)
        expect(seen.map(textOf)).toEqual(['after0'])
      })

      it('writes a record of exactly the largest size', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        await log.publish(topic, [{ key: 'key', value: 'x'.repeat(RECORD_BYTES_MAX - 7), headers: { ab: 'cd' } }])
        const [record] = await readAll(log, topic, unique('group'), 1)
        expect(record!.value.length).toBe(RECORD_BYTES_MAX - 7)
      })

      it('writes 5 MB in one call, in order, whatever batches the engine cuts', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log, 2)
        const records = recordsOf(['a', 'b', 'c', 'd', 'e'], 1000).map((record) => ({
          ...record,
          value: record.value.padEnd(1000, '.'),
        }))
        await log.publish(topic, records, { timeoutMs: 30_000 })
        const seen = await readAll(log, topic, unique('group'), 5000)
        for (const key of ['a', 'b', 'c', 'd', 'e']) {
          const own = seen.filter((record) => record.key === key).map((record) => textOf(record).replaceAll('.', ''))
          expect(own).toEqual(Array.from({ length: 1000 }, (_, i) => `${key}${i}`))
        }
      })

      it('takes no records at all without complaint', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        await log.publish(topic, [])
      })

      it('says clearly that a topic is missing', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = unique('missing')
        const group = unique('group')
        for (const call of [
          () => log.publish(topic, recordsOf(['a'], 1)),
          () => log.subscribe({ topic, group, handleBatch: async () => {} }),
          () => log.tail({ topic, from: 'now', handle: () => {} }),
        ]) {
          const error = await failureOf(call())
          expect(error.code).toBe('ENGINE_UNSUITABLE')
          expect(error.message).toContain(topic)
        }
      })
    })

    describe('ensureTopics', () => {
      it('may be called again, and by many at once', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const definitions = ['one', 'two'].map((what) => ({ name: unique(what), partitions: 3, retentionMs: HOUR_MS }))
        await Promise.all([1, 2, 3, 4].map(() => log.ensureTopics(definitions)))
        await log.ensureTopics(definitions)
        await log.publish(definitions[1]!.name, recordsOf(['a'], 1))
      })

      it('refuses a topic that has fewer partitions than are needed, and leaves it as it is', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log, 2)
        const wanted = { name: topic, partitions: 3, retentionMs: HOUR_MS }
        const error = await failureOf(log.ensureTopics([wanted]))
        expect(error.code).toBe('ENGINE_UNSUITABLE')
        expect(error.message).toContain(topic)
        await log.ensureTopics([{ ...wanted, partitions: 1 }])
        await log.ensureTopics([{ ...wanted, partitions: 2 }])
      })
    })

    describe('subscribe', () => {
      it('starts a new group at the oldest record', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        await log.publish(topic, recordsOf(['a', 'b', 'c'], 10))
        expect(await readAll(log, topic, unique('group'), 30)).toHaveLength(30)
      })

      it('hands over what is written while it runs', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const seen: StoredRecord[] = []
        await using _subscription = await log.subscribe({
          topic,
          group: unique('group'),
          handleBatch: async ({ records }) => void seen.push(...records),
        })
        for (let i = 0; i < 3; i++) {
          await log.publish(topic, recordsOf(['a', 'b'], 5, i * 5))
          await eventually(() => seen.length === (i + 1) * 10, SLOW_MS)
        }
      })

      it('gives two groups everything each', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        await log.publish(topic, recordsOf(['a', 'b', 'c'], 10))
        const [one, two] = await Promise.all([
          readAll(log, topic, unique('group-one'), 30),
          readAll(log, topic, unique('group-two'), 30),
        ])
        expect(one.map(textOf).sort()).toEqual(two.map(textOf).sort())
      })

      it('does not hand over again what was committed, after the log was closed and opened again', async () => {
        await using bed = await openBed()
        const first = await bed.open()
        const topic = await withTopic(first)
        const group = unique('group')
        await first.publish(topic, recordsOf(['a', 'b', 'c'], 10))
        await readAll(first, topic, group, 30)
        await first.close()

        const second = await bed.open()
        await second.publish(topic, recordsOf(['a', 'b', 'c'], 1, 10))
        const seen = await readAll(second, topic, group, 3)
        expect(seen.map(textOf).sort()).toEqual(['a10', 'b10', 'c10'])
      })

      it('hands over again, in order and with nothing skipped, what was rejected, while other partitions go on', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const [bad, good] = await keysOfTwoPartitions(log)
        const attempts: string[][] = []
        const accepted: string[] = []
        const problems: unknown[] = []
        await using _subscription = await log.subscribe({
          topic,
          group: unique('group'),
          batchesAtOnce: 1,
          async handleBatch({ records }) {
            const own = records.map(textOf).filter((text) => text.startsWith(bad))
            if (own.length > 0 && attempts.length < 2) {
              attempts.push(own)
              // Not before the other partition has gone on, to show that it does.
              if (attempts.length === 2) await eventually(() => accepted.includes(`${good}7`), SLOW_MS).catch(() => {})
              throw new Error('not now')
            }
            accepted.push(...records.map(textOf))
          },
          onProblem: (problem) => problems.push(problem),
        })
        await log.publish(topic, recordsOf([bad], 5))
        await eventually(() => attempts.length === 1, SLOW_MS)
        await log.publish(topic, recordsOf([good], 8))
        await eventually(() => accepted.includes(`${good}7`), SLOW_MS)
        await log.publish(topic, recordsOf([bad], 3, 5))
        await eventually(() => accepted.includes(`${bad}7`), SLOW_MS)

        expect(attempts[1]).toEqual(attempts[0])
        const own = accepted.filter((text) => text.startsWith(bad))
        expect(own).toEqual(Array.from({ length: 8 }, (_, i) => `${bad}${i}`))
        expect(problems.length).toBeGreaterThanOrEqual(2)
        expect(problems[0]).toMatchObject({ kind: 'batch-failed', error: expect.any(Error) })
      })

      it('hands over again, after it was opened again, what was in hand and never accepted', async () => {
        await using bed = await openBed()
        const first = await bed.open()
        const topic = await withTopic(first, 1)
        const group = unique('group')
        await first.publish(topic, recordsOf(['a'], 5))
        let calls = 0
        await first.subscribe({
          topic,
          group,
          async handleBatch() {
            calls += 1
            throw new Error('never')
          },
        })
        await eventually(() => calls > 0, SLOW_MS)
        await first.close()

        const seen = await readAll(await bed.open(), topic, group, 5)
        expect(seen.map(textOf)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4'])
      })

      it('has one batch of a partition in hand at a time, of at most the wanted size, and several of others', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        await log.publish(topic, recordsOf(['a', 'b', 'c', 'd', 'e', 'f'], 30))
        const inHand = new Map<number, number>()
        let batches = 0
        let mostSideBySide = 0
        let seen = 0
        let mostAtOnce = 0
        let largest = 0
        await using _subscription = await log.subscribe({
          topic,
          group: unique('group'),
          batchRecordsMax: 7,
          batchesAtOnce: 3,
          async handleBatch({ records }) {
            const partitions = new Set(records.map(({ partition }) => partition))
            batches++
            for (const partition of partitions) {
              inHand.set(partition, (inHand.get(partition) ?? 0) + 1)
              mostAtOnce = Math.max(mostAtOnce, inHand.get(partition)!)
            }
            mostSideBySide = Math.max(mostSideBySide, batches)
            largest = Math.max(largest, records.length)
            await new Promise((resolve) => setTimeout(resolve, 5))
            for (const partition of partitions) inHand.set(partition, inHand.get(partition)! - 1)
            batches--
            seen += records.length
          },
        })
        await eventually(() => seen === 180, SLOW_MS)
        expect(mostAtOnce).toBe(1)
        expect(largest).toBe(7)
        expect(mostSideBySide).toBeGreaterThan(1)
      })

      it('shares the partitions among the members of a group, and moves those of a member that closes', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log, 4)
        const group = unique('group')
        const seen: [string[], string[]] = [[], []]
        const join = (member: 0 | 1) =>
          log.subscribe({
            topic,
            group,
            handleBatch: async ({ records }) => void seen[member].push(...records.map(textOf)),
          })
        const [first, second] = await Promise.all([join(0), join(1)])
        const shares = (): number[][] => [first, second].map((member) => [...member.status().partitions])
        await eventually(() => shares().every((share) => share.length === 2), SLOW_MS)
        expect(shares().flat().sort()).toEqual([0, 1, 2, 3])

        const keys = Array.from({ length: 20 }, (_, i) => `k${i}-`)
        await log.publish(topic, recordsOf(keys, 2))
        await eventually(() => seen.flat().length === 40, SLOW_MS)
        expect(new Set(seen.flat()).size).toBe(40)
        expect(seen[0].length).toBeGreaterThan(0)
        expect(seen[1].length).toBeGreaterThan(0)

        await first.close()
        await eventually(() => second.status().partitions.length === 4, SLOW_MS)
        const before = seen[0].length
        await log.publish(topic, recordsOf(keys, 2, 2))
        await eventually(() => seen.flat().length === 80, SLOW_MS)
        expect(new Set(seen.flat()).size).toBe(80)
        expect(seen[0].length).toBe(before)
      })

      it('waits for the batch in hand when it closes, and commits it', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log, 1)
        const group = unique('group')
        const started = Promise.withResolvers<AbortSignal>()
        const mayEnd = Promise.withResolvers<void>()
        let ended = false
        const subscription = await log.subscribe({
          topic,
          group,
          async handleBatch(_batch, signal) {
            started.resolve(signal)
            await mayEnd.promise
            ended = true
          },
        })
        await log.publish(topic, recordsOf(['a'], 3))
        const signal = await started.promise
        expect(signal.aborted).toBe(false)
        const closing = subscription.close()
        await eventually(() => signal.aborted)
        expect(ended).toBe(false)
        mayEnd.resolve()
        await closing
        expect(ended).toBe(true)
        expect(subscription.status().state).toBe('closed')

        await log.publish(topic, recordsOf(['a'], 1, 3))
        expect((await readAll(log, topic, group, 1)).map(textOf)).toEqual(['a3'])
      })

      it('tells its lag, its partitions and its state', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const group = unique('group')
        await log.publish(topic, recordsOf(['a', 'b', 'c'], 10))
        const mayGoOn = Promise.withResolvers<void>()
        await using subscription = await log.subscribe({ topic, group, handleBatch: () => mayGoOn.promise })
        await eventually(() => subscription.status().lag === 30, SLOW_MS)
        expect(subscription.status()).toMatchObject({ state: 'running', restarts: 0, partitions: [0, 1, 2] })
        mayGoOn.resolve()
        await eventually(() => subscription.status().lag === 0, SLOW_MS)
        expect(Date.now() - subscription.status().progressedAtMs).toBeLessThan(60_000)
      })

      it('is called stalled when there is lag and nothing has moved for the given time', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        await using subscription = await log.subscribe({
          topic,
          group: unique('group'),
          stallAfterMs: 500,
          handleBatch: async () => {
            throw new Error('never')
          },
        })
        await log.publish(topic, recordsOf(['a'], 3))
        await eventually(() => subscription.status().state === 'stalled', SLOW_MS)
        expect(subscription.status()).toMatchObject({ lag: 3, restarts: 0 })
      })
    })

    describe('tail', () => {
      it('gives what is written from now on, of all partitions and in order, and nothing older', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        await log.publish(topic, recordsOf(['a', 'b', 'c', 'd'], 5))
        const seen: StoredRecord[] = []
        await using _tail = await log.tail({ topic, from: 'now', handle: (records) => void seen.push(...records) })
        await log.publish(topic, recordsOf(['a', 'b', 'c', 'd'], 5, 5))
        await eventually(() => seen.length === 20, SLOW_MS)
        for (const key of ['a', 'b', 'c', 'd']) {
          const own = seen.filter((record) => record.key === key).map(textOf)
          expect(own).toEqual([5, 6, 7, 8, 9].map((i) => `${key}${i}`))
        }
      })

      it('misses nothing that is written after it resolved', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        for (let i = 0; i < 3; i++) {
          const seen: string[] = []
          await using _tail = await log.tail({
            topic,
            from: 'now',
            handle: (records) => void seen.push(...records.map(textOf)),
          })
          await log.publish(topic, recordsOf(['a', 'b', 'c'], 1, i))
          await eventually(() => seen.length === 3, SLOW_MS)
          expect(seen.sort()).toEqual([`a${i}`, `b${i}`, `c${i}`])
        }
      })

      it('begins at the given offset of a partition, and at now in the others', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const [key, other] = await keysOfTwoPartitions(log)
        await log.publish(topic, recordsOf([key, other], 5))
        const all = await readAll(log, topic, unique('group'), 10)
        const third = all.find((record) => textOf(record) === `${key}2`)!

        const seen: string[] = []
        await using _tail = await log.tail({
          topic,
          from: { offsets: { [third.partition]: third.offset } },
          handle: (records) => void seen.push(...records.map(textOf)),
        })
        await eventually(() => seen.length === 3, SLOW_MS)
        await log.publish(topic, recordsOf([other], 1, 5))
        await eventually(() => seen.length === 4, SLOW_MS)
        expect(seen).toEqual([`${key}2`, `${key}3`, `${key}4`, `${other}5`])
      })

      it('knows where it stands: a later one from there misses nothing and repeats nothing', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const [key, other] = await keysOfTwoPartitions(log)
        await log.publish(topic, recordsOf([key, other], 3))
        const seen: string[] = []
        const handle = (records: readonly StoredRecord[]) => void seen.push(...records.map(textOf))
        const first = await log.tail({ topic, from: 'now', handle })
        await log.publish(topic, recordsOf([key], 1, 3))
        await eventually(() => seen.length === 1, SLOW_MS)
        const offsets = first.positions()
        await first.close()
        // In a partition that it saw something of, and in one that it saw nothing of.
        await log.publish(topic, recordsOf([key, other], 1, 4))
        await using _second = await log.tail({ topic, from: { offsets }, handle })
        await log.publish(topic, recordsOf([key, other], 1, 5))
        await eventually(() => seen.length === 5, SLOW_MS)
        expect(seen.toSorted()).toEqual([`${key}3`, `${key}4`, `${key}5`, `${other}4`, `${other}5`].toSorted())
      })

      it('gives every reader everything, and takes nothing from a group', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const seen: [string[], string[]] = [[], []]
        const open = (reader: 0 | 1) =>
          log.tail({ topic, from: 'now', handle: (records) => void seen[reader].push(...records.map(textOf)) })
        const first = await open(0)
        await using _second = await open(1)
        await log.publish(topic, recordsOf(['a', 'b'], 2))
        await eventually(() => seen[0].length === 4 && seen[1].length === 4, SLOW_MS)
        await first.close()
        await first.close()
        await log.publish(topic, recordsOf(['a', 'b'], 1, 2))
        await eventually(() => seen[1].length === 6, SLOW_MS)
        expect(seen[0]).toHaveLength(4)
        expect(await readAll(log, topic, unique('group'), 6)).toHaveLength(6)
      })
    })

    describe('life', () => {
      it('answers a ping', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        await log.ping(10_000)
      })

      it('closes twice as once, with its subscriptions and tails, and then refuses every call', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log)
        const subscription = await log.subscribe({ topic, group: unique('group'), handleBatch: async () => {} })
        await log.tail({ topic, from: 'now', handle: () => {} })
        await Promise.all([log.close(), log.close()])
        await log.close()
        expect(subscription.status().state).toBe('closed')
        await subscription.close()
        for (const call of [
          () => log.publish(topic, recordsOf(['a'], 1)),
          () => log.subscribe({ topic, group: unique('group'), handleBatch: async () => {} }),
          () => log.tail({ topic, from: 'now', handle: () => {} }),
          () => log.ensureTopics([]),
          () => log.ping(1000),
        ]) {
          expect(await codeOf(call())).toBe('EVENT_LOG_UNAVAILABLE')
        }
      })

      it('waits for the batch in hand when the log closes', async () => {
        await using bed = await openBed()
        const log = await bed.open()
        const topic = await withTopic(log, 1)
        const group = unique('group')
        await log.publish(topic, recordsOf(['a'], 3))
        const started = Promise.withResolvers<void>()
        let ended = false
        await log.subscribe({
          topic,
          group,
          async handleBatch() {
            started.resolve()
            await new Promise((resolve) => setTimeout(resolve, 300))
            ended = true
          },
        })
        await started.promise
        await log.close()
        expect(ended).toBe(true)

        const again = await bed.open()
        await again.publish(topic, recordsOf(['a'], 1, 3))
        expect((await readAll(again, topic, group, 1)).map(textOf)).toEqual(['a3'])
      })
    })
  })
}

/** `count` records of each key in turn, their values the key and a number. */
export function recordsOf(keys: readonly string[], count: number, first = 0): LogRecord[] {
  const records: LogRecord[] = []
  for (let i = first; i < first + count; i++) {
    for (const key of keys) records.push({ key, value: `${key}${i}`, headers: { n: String(i) } })
  }
  return records
}

export const textOf = (record: StoredRecord): string => record.value.toString()

/** Reads with the group until that many have come, commits them and leaves the group. */
export async function readAll(log: EventLog, topic: string, group: string, count: number): Promise<StoredRecord[]> {
  const seen: StoredRecord[] = []
  const handleBatch = async ({ records }: RecordBatch): Promise<void> => void seen.push(...records)
  const subscription = await log.subscribe({ topic, group, handleBatch })
  try {
    await eventually(() => seen.length >= count, SLOW_MS)
  } finally {
    await subscription.close()
  }
  return seen
}

export async function failureOf(promise: Promise<unknown>): Promise<AppError> {
  try {
    await promise
  } catch (error) {
    return error as AppError
  }
  throw new Error('it did not fail')
}

const codeOf = async (promise: Promise<unknown>): Promise<string> => (await failureOf(promise)).code
