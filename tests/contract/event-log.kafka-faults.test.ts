import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@pagesync/shared/event-log/engine-logger.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { parseEventLogUrl } from '@pagesync/shared/event-log/event-log-url.ts'
import { startConsumerSession } from '@pagesync/shared/event-log/kafka/consumer-session.ts'
import { createKafkaClient } from '@pagesync/shared/event-log/kafka/kafka-client.ts'
import { openKafkaSubscription } from '@pagesync/shared/event-log/kafka/kafka-subscription.ts'
import { createKafkaTopics } from '@pagesync/shared/event-log/kafka/kafka-topics.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LocalKafka, startLocalKafka } from '../support/engines/local-kafka.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf, recordsOf, textOf } from './event-log-contract.ts'

const SLOW_MS = 60_000
const HOUR_MS = 3_600_000

describe('the event log on a Kafka of its own', { timeout: 3 * SLOW_MS }, () => {
  let dataDir: string
  let kafka: LocalKafka | undefined
  let skipReason = ''

  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'pagesync-kafka-faults-'))
    try {
      kafka = await startLocalKafka({ dataDir })
    } catch (error) {
      if (process.env.CI) throw error
      skipReason = `no broker can be started on this machine: ${(error as Error).message}`
    }
  })

  afterAll(async () => {
    await kafka?.[Symbol.asyncDispose]()
    await rm(dataDir, { recursive: true, force: true })
  })

  it('bears a broker that is killed and comes back: publishing fails in time, then all goes on and nothing is lost', async ({
    skip,
    onTestFinished,
  }) => {
    if (!kafka) return skip(skipReason)
    await using log = await openEventLog(kafka.url, { clientId: 'faults' })
    const topic = 'faults'
    await log.ensureTopics([{ name: topic, partitions: 3, retentionMs: HOUR_MS }])
    const seen = new Set<string>()
    const tailed = new Set<string>()
    await using subscription = await log.subscribe({
      topic,
      group: 'group',
      handleBatch: async ({ records }) => {
        for (const record of records) seen.add(textOf(record))
      },
    })
    await using _tail = await log.tail({
      topic,
      from: 'now',
      handle: (records) => {
        for (const record of records) tailed.add(textOf(record))
      },
    })
    const publisher = publishOn(log, topic)
    onTestFinished(() => publisher.stop())
    await eventually(() => seen.size > 50 && tailed.size > 50, SLOW_MS)

    process.kill(kafka.pid, 'SIGKILL')
    await kafka.exited
    const downMs = performance.now()
    expect((await failureOf(log.publish(topic, recordsOf(['x'], 1), { timeoutMs: 1500 }))).code).toBe(
      'EVENT_LOG_UNAVAILABLE',
    )
    expect(performance.now() - downMs).toBeLessThan(4000)
    expect((await failureOf(log.ping(1000))).code).toBe('EVENT_LOG_UNAVAILABLE')
    expect(subscription.status().state).not.toBe('closed')

    kafka = await startLocalKafka({ dataDir, port: kafka.port })
    const before = publisher.acknowledged.length
    await eventually(() => publisher.acknowledged.length > before + 50, SLOW_MS)
    await publisher.stop()
    expect(publisher.failures.every((code) => code === 'EVENT_LOG_UNAVAILABLE')).toBe(true)

    await eventually(() => publisher.acknowledged.every((text) => seen.has(text)), SLOW_MS)
    await eventually(() => publisher.acknowledged.every((text) => tailed.has(text)), SLOW_MS)
    await eventually(() => subscription.status().lag === 0, SLOW_MS)
    expect(subscription.status()).toMatchObject({ state: 'running', partitions: [0, 1, 2] })
  })

  it('replaces a consumer that has fallen silent', async ({ skip }) => {
    if (!kafka) return skip(skipReason)
    const { url } = kafka
    await using log = await openEventLog(url, { clientId: 'faults' })
    const topic = `silent-${randomUUID().slice(0, 8)}`
    await log.ensureTopics([{ name: topic, partitions: 3, retentionMs: HOUR_MS }])

    const address = parseEventLogUrl(url)
    if (address.engine !== 'kafka') throw new Error('no Kafka')
    const { brokers, replication, minIsr } = address
    const createClient = () =>
      createKafkaClient({ brokers, clientId: 'silent', logger: silentLogger, retries: 2, requestTimeoutMs: 10_000 })
    const topics = createKafkaTopics({ kafka: createClient(), logger: silentLogger, replication, minIsr })
    let sessions = 0
    const problems: string[] = []
    const seen: string[] = []
    const subscription = await openKafkaSubscription(
      {
        topic,
        group: topic,
        stallAfterMs: 1500,
        handleBatch: async ({ records }) => void seen.push(...records.map(textOf)),
        onProblem: ({ kind }) => problems.push(kind),
      },
      {
        createClient,
        topics,
        clock: systemClock,
        logger: silentLogger,
        // The real consumer, but the first one never hands anything over: as kafkajs does when it stalls.
        startSession(options, events) {
          sessions += 1
          return startConsumerSession(options, sessions > 1 ? events : { ...events, batch() {}, fetched() {} })
        },
      },
    )
    try {
      await log.publish(topic, recordsOf(['a', 'b', 'c', 'd'], 5))
      await eventually(() => seen.length === 20, SLOW_MS)
      expect(problems).toEqual(['restarted'])
      expect(subscription.status()).toMatchObject({ restarts: 1, state: 'running' })
    } finally {
      await subscription.close()
      await topics.close()
    }
  })
})

/** Publishes numbers one after the other, whatever happens, until told to stop. */
function publishOn(
  log: EventLog,
  topic: string,
): { acknowledged: string[]; failures: string[]; stop: () => Promise<void> } {
  const acknowledged: string[] = []
  const failures: string[] = []
  let isStopped = false
  async function run(): Promise<void> {
    for (let i = 0; !isStopped; i++) {
      try {
        await log.publish(topic, [{ key: `k${i % 30}`, value: `v${i}`, headers: {} }], { timeoutMs: 1500 })
        acknowledged.push(`v${i}`)
      } catch (error) {
        failures.push((error as { code: string }).code)
      }
    }
  }
  const done = run()
  const stop = (): Promise<void> => {
    isStopped = true
    return done
  }
  return { acknowledged, failures, stop }
}
