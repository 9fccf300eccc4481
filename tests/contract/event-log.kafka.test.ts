import { randomUUID } from 'node:crypto'
import type { EventLog, StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { type Admin, Kafka, logLevel, Partitioners } from 'kafkajs'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { spawnChild } from '../support/spawn-child.ts'
import {
  describeEventLogContract,
  type EventLogBed,
  failureOf,
  readAll,
  recordsOf,
  textOf,
} from './event-log-contract.ts'

const url = inject('kafkaUrl')
const skipReason = url === '' ? 'no Kafka on this machine' : ''
const topicPrefix = `contract-${randomUUID().slice(0, 8)}-`
const unique = (what: string): string => `${topicPrefix}${what}-${randomUUID().slice(0, 8)}`
const HOUR_MS = 3_600_000

async function openBed(): Promise<EventLogBed> {
  const logs: EventLog[] = []
  return {
    async open() {
      const log = await openEventLog(url, { clientId: 'contract' })
      logs.push(log)
      return log
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(logs.map((log) => log.close()))
    },
  }
}

const [hosts = ''] = url.slice('kafka://'.length).split('?')

/** kafkajs as another program would use it: nothing of ours. */
function foreignClient(): Kafka {
  return new Kafka({ clientId: 'foreign', brokers: hosts.split(','), logLevel: logLevel.NOTHING })
}

describeEventLogContract('Kafka', openBed, { topicPrefix, skipReason })

describe('the event log on Kafka', () => {
  let admin: Admin

  beforeAll(async () => {
    if (skipReason) return
    admin = foreignClient().admin()
    await admin.connect()
  })

  afterAll(async () => {
    if (skipReason) return
    const mine = (name: string): boolean => name.startsWith(topicPrefix)
    await admin.deleteTopics({ topics: (await admin.listTopics()).filter(mine) })
    const { groups } = await admin.listGroups()
    await admin.deleteGroups(groups.map(({ groupId }) => groupId).filter(mine)).catch(() => {})
    await admin.disconnect()
  })

  beforeEach(({ skip }) => {
    if (skipReason) skip(skipReason)
  })

  async function withTopic(log: EventLog, partitions = 3): Promise<string> {
    const topic = unique('topic')
    await log.ensureTopics([{ name: topic, partitions, retentionMs: HOUR_MS }])
    return topic
  }

  it('makes topics with the given retention and copies, also when several services do at once', async () => {
    await using bed = await openBed()
    const logs = await Promise.all([bed.open(), bed.open(), bed.open()])
    const definition = { name: unique('topic'), partitions: 4, retentionMs: 7 * HOUR_MS }
    await Promise.all(logs.map((log) => log.ensureTopics([definition])))
    const config = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: 2, name: definition.name, configNames: ['retention.ms', 'min.insync.replicas'] }],
    })
    const entries = Object.fromEntries(config.resources[0]!.configEntries.map((e) => [e.configName, e.configValue]))
    expect(entries).toEqual({ 'retention.ms': String(7 * HOUR_MS), 'min.insync.replicas': '1' })
  })

  it('refuses to make topics with more copies than there are brokers, and says what helps', async () => {
    await using log = await openEventLog(`kafka://${hosts}?replication=9`, { clientId: 'x' })
    const refused = await failureOf(log.ensureTopics([{ name: unique('topic'), partitions: 1, retentionMs: HOUR_MS }]))
    expect(refused.code).toBe('ENGINE_UNSUITABLE')
    expect(refused.message).toMatch(/9 copies.*\?replication=1/)
  })

  it('puts a key where other Kafka clients put it', async () => {
    await using bed = await openBed()
    const log = await bed.open()
    const topic = await withTopic(log, 12)
    const keys = Array.from({ length: 50 }, (_, i) => `100${i}:ключ-${i}`)
    await log.publish(topic, recordsOf(keys, 1))
    const producer = foreignClient().producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    await producer.send({ topic, messages: keys.map((key) => ({ key, value: 'foreign' })) })
    await producer.disconnect()
    const seen = await readAll(log, topic, unique('group'), 100)
    for (const key of keys) {
      expect(new Set(seen.filter((record) => record.key === key).map(({ partition }) => partition)).size).toBe(1)
    }
  })

  it('reads what others write: no key, no value, bytes that are no text, a header twice', async () => {
    await using bed = await openBed()
    const log = await bed.open()
    const topic = await withTopic(log)
    const producer = foreignClient().producer({ createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    await producer.send({ topic, messages: [{ key: null, value: null }] })
    const bytes = Buffer.from([0xff, 0x00, 0xfe])
    await producer.send({ topic, messages: [{ key: 'k', value: bytes, headers: { a: ['1', '2'], b: 'x' } }] })
    await producer.disconnect()
    const seen = await readAll(log, topic, unique('group'), 2)
    const strange = seen.find(({ key }) => key === 'k')!
    expect(strange.value.equals(bytes)).toBe(true)
    expect(strange.headers).toEqual({ a: '1', b: 'x' })
    expect(seen.find(({ key }) => key === '')!.value).toHaveLength(0)
  })

  it('hands over 2,000 records of 1 kB as one batch', async () => {
    await using bed = await openBed()
    const log = await bed.open()
    const topic = await withTopic(log, 1)
    const value = 'x'.repeat(1000)
    await log.publish(
      topic,
      recordsOf(['a'], 5000).map((record) => ({ ...record, value })),
      { timeoutMs: 30_000 },
    )
    const sizes: number[] = []
    await using _subscription = await log.subscribe({
      topic,
      group: unique('group'),
      async handleBatch({ records }) {
        sizes.push(records.length)
        // As long as a batch takes: meanwhile the next one is fetched.
        await new Promise((resolve) => setTimeout(resolve, 150))
      },
    })
    await eventually(() => sizes.reduce((sum, size) => sum + size, 0) === 5000, 40_000)
    expect(Math.max(...sizes)).toBe(2000)
  })

  it('stays in its group while a handler takes longer than a session, and gets the batch once', async () => {
    await using bed = await openBed()
    const log = await bed.open()
    const topic = await withTopic(log, 2)
    const group = unique('group')
    const seen: StoredRecord[] = []
    const join = () =>
      log.subscribe({
        topic,
        group,
        async handleBatch({ records }) {
          await new Promise((resolve) => setTimeout(resolve, 11_000))
          seen.push(...records)
        },
      })
    await using first = await join()
    await using second = await join()
    await eventually(() => first.status().partitions.length === 1 && second.status().partitions.length === 1, 40_000)
    const shares = [first.status().partitions, second.status().partitions]
    await log.publish(topic, recordsOf(['a', 'b', 'c', 'd', 'e', 'f'], 1))
    await eventually(() => seen.length >= 6, 40_000)
    expect(seen.map(textOf).sort()).toEqual(['a0', 'b0', 'c0', 'd0', 'e0', 'f0'])
    expect([first.status().partitions, second.status().partitions]).toEqual(shares)
  })

  it('hands a partition over between batches when another member joins: no record comes twice', async () => {
    await using bed = await openBed()
    const log = await bed.open()
    const topic = await withTopic(log, 4)
    const group = unique('group')
    const seen: string[] = []
    const join = () =>
      log.subscribe({
        topic,
        group,
        batchRecordsMax: 5,
        async handleBatch({ records }) {
          await new Promise((resolve) => setTimeout(resolve, 40))
          seen.push(...records.map(textOf))
        },
      })
    await using first = await join()
    const keys = Array.from({ length: 40 }, (_, i) => `k${i}-`)
    await log.publish(topic, recordsOf(keys, 10))
    await eventually(() => seen.length > 20, 40_000)
    await using second = await join()
    await eventually(() => seen.length >= 400, 40_000)
    expect(new Set(seen).size).toBe(400)
    expect(seen).toHaveLength(400)
    expect(first.status().partitions.length).toBe(2)
    expect(second.status().partitions.length).toBe(2)
  })

  it('moves the partitions of a member that was killed', async () => {
    await using bed = await openBed()
    const log = await bed.open()
    const topic = await withTopic(log, 4)
    const group = unique('group')
    const seen: string[] = []
    await using subscription = await log.subscribe({
      topic,
      group,
      handleBatch: async ({ records }) => void seen.push(...records.map(textOf)),
    })
    await using child = spawnChild('consume-until-killed.ts', [url, topic, group])
    await eventually(() => subscription.status().partitions.length === 2, 40_000)
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}-`)
    await log.publish(topic, recordsOf(keys, 1))
    await eventually(() => seen.length + child.lines.length === 20, 40_000)
    expect(child.lines.length).toBeGreaterThan(0)

    await child.kill()
    const killedMs = performance.now()
    await log.publish(topic, recordsOf(keys, 1, 1))
    await eventually(() => keys.every((key) => seen.includes(`${key}1`)), 40_000)
    // 8 s until the session has run out, then the next heartbeat; the rest is for a busy machine.
    expect(performance.now() - killedMs).toBeLessThan(25_000)
    expect(subscription.status().partitions).toEqual([0, 1, 2, 3])
  })

  it('prints no warning about negative timeouts', async () => {
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.name)
    process.on('warning', listen)
    await using bed = await openBed()
    const log = await bed.open()
    const topic = await withTopic(log)
    await log.publish(topic, recordsOf(['a'], 10))
    await readAll(log, topic, unique('group'), 10)
    process.off('warning', listen)
    expect(warnings).toEqual([])
  })
})

describe('the event log on a Kafka that is not there', () => {
  it('fails every call with EVENT_LOG_UNAVAILABLE, a publish and a ping within their time', async () => {
    await using log = await openEventLog('kafka://127.0.0.1:1?replication=1', { clientId: 'x' })
    const startMs = performance.now()
    expect((await failureOf(log.publish('topic', recordsOf(['a'], 1), { timeoutMs: 800 }))).code).toBe(
      'EVENT_LOG_UNAVAILABLE',
    )
    expect((await failureOf(log.ping(800))).code).toBe('EVENT_LOG_UNAVAILABLE')
    expect(performance.now() - startMs).toBeLessThan(6000)
    for (const call of [
      log.ensureTopics([{ name: 'topic', partitions: 1, retentionMs: HOUR_MS }]),
      log.subscribe({ topic: 'topic', group: 'group', handleBatch: async () => {} }),
      log.tail({ topic: 'topic', from: 'now', handle: () => {} }),
    ]) {
      expect((await failureOf(call)).code).toBe('EVENT_LOG_UNAVAILABLE')
    }
  })
})
