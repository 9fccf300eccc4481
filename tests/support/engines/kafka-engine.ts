import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { eventually } from '../eventually.ts'
import type { EngineHandle } from '../global-setup.ts'
import { freePort } from './free-port.ts'
import { startLocalKafka } from './local-kafka.ts'

const IMAGE = 'apache/kafka:4.1.1'
const ONE_BROKER = '?replication=1&min_isr=1'
const CONTAINER_MS_MAX = 180_000

/**
 * A real Kafka for tests: the one of `TEST_KAFKA_BROKERS` (host:port,host:port), else a container, else one that the
 * scripts in scripts/engines install and start on this machine. Disposing ends what was started and removes its data.
 */
export async function startKafkaEngine(): Promise<EngineHandle> {
  const brokers = process.env.TEST_KAFKA_BROKERS
  if (brokers) return given(brokers)
  const reasons: string[] = []
  for (const start of [startContainer, startOnThisMachine]) {
    try {
      return await start()
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  return { unavailable: reasons.join('; ') }
}

/** It was asked for by name: when it does not answer, that is an error and no reason to take another. */
async function given(brokers: string): Promise<EngineHandle> {
  const url = `kafka://${brokers}${ONE_BROKER}`
  await untilItAnswers(url)
  return { url, label: 'Kafka of TEST_KAFKA_BROKERS', [Symbol.asyncDispose]: async () => {} }
}

async function startContainer(): Promise<EngineHandle> {
  const { GenericContainer, getContainerRuntimeClient, Wait } = await import('testcontainers')
  await getContainerRuntimeClient().catch(() => {
    throw new Error('no container engine answers')
  })
  // The broker tells its clients the address to use, so the port must be known before it starts.
  const port = await freePort()
  const container = await new GenericContainer(IMAGE)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
      KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '4',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
    })
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(CONTAINER_MS_MAX)
    .start()
  const url = `kafka://127.0.0.1:${port}${ONE_BROKER}`
  const stop = async (): Promise<void> => {
    await container.stop({ remove: true, removeVolumes: true })
  }
  return usable(url, `${IMAGE} in a container`, stop)
}

async function startOnThisMachine(): Promise<EngineHandle> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pagesync-kafka-'))
  const removeData = (): Promise<void> => rm(dataDir, { recursive: true, force: true })
  try {
    const kafka = await startLocalKafka({ dataDir })
    return await usable(kafka.url, 'Kafka 4.1.1 on this machine', async () => {
      await kafka[Symbol.asyncDispose]()
      await removeData()
    })
  } catch (error) {
    await removeData()
    throw error
  }
}

async function usable(url: string, label: string, stop: () => Promise<void>): Promise<EngineHandle> {
  try {
    await untilItAnswers(url)
  } catch (error) {
    await stop()
    throw error
  }
  return { url, label, [Symbol.asyncDispose]: stop }
}

async function untilItAnswers(url: string): Promise<void> {
  await using log = await openEventLog(url, { clientId: 'pagesync-tests' })
  await eventually(async () => {
    await log.ping(2000)
    return true
  }, 30_000)
}
