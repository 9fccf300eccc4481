import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { CONVERSATIONS, MESSAGES } from '@pagesync/shared/store/repositories/rows.ts'
import { PAGE_EVENTS_GROUP } from '@pagesync/sync-worker/consume/consume-page-events.ts'
import kafkajs, { type Admin } from 'kafkajs'
import { spawnWorker } from '../spawn-worker.ts'

// kafkajs is CommonJS and names only some of its exports.
const { Kafka, KafkaJSError, logLevel } = kafkajs

export interface WorkerRound {
  readonly eventsPerSecond: number
  /** The largest resident memory seen, MiB. */
  readonly rssMib: number
  readonly cpuSeconds: number
}

const LOOK_EVERY_MS = 100
const WITHIN_MS = 300_000

/** Starts a worker of its own process on a topic full of events and measures until all of them are committed; then checks that everything is there. */
export async function measureWorker(
  environment: Readonly<Record<string, string>>,
  brokers: string[],
  events: number,
): Promise<WorkerRound> {
  const kafka = new Kafka({ brokers, clientId: 'bench', logLevel: logLevel.NOTHING })
  const admin = kafka.admin()
  await admin.connect()
  try {
    const changesBefore = await written(admin, TOPICS.changes)
    await using worker = spawnWorker(environment)
    await worker.jsonLine(({ msg }) => msg === 'listening')
    const began = performance.now()
    let rssMib = 0
    for (;;) {
      rssMib = Math.max(rssMib, await residentMib(worker.pid))
      if ((await lag(admin)) === 0) break
      if (performance.now() - began > WITHIN_MS)
        throw new Error(`the worker did not finish:\n${worker.lines.slice(-20).join('\n')}`)
      await delay(LOOK_EVERY_MS)
    }
    const seconds = (performance.now() - began) / 1000
    const cpuSeconds = await cpuSecondsOf(worker.pid)
    await check(environment.STORE_URL as string, events, (await written(admin, TOPICS.changes)) - changesBefore)
    await worker.end('SIGTERM')
    return { eventsPerSecond: events / seconds, rssMib, cpuSeconds }
  } finally {
    await admin.disconnect()
  }
}

async function check(storeUrl: string, events: number, changes: number): Promise<void> {
  await using store = await openStore(storeUrl, {})
  const messages = await store.collection(MESSAGES).count({ index: '_id' })
  const conversations = store.collection(CONVERSATIONS)
  let unread = 0
  let after: { readonly _id: string } | undefined
  for (;;) {
    const rows = await conversations.find({ index: '_id', limit: 1000, ...(after ? { after } : {}) })
    for (const row of rows) unread += row.unread_count
    after = rows.at(-1)
    if (rows.length < 1000) break
  }
  if (messages !== events || unread !== events)
    throw new Error(`of ${events} events ${messages} messages are stored and ${unread} counted as unread`)
  if (changes < events) throw new Error(`of ${events} messages only ${changes} changes are announced`)
}

async function written(admin: Admin, topic: string): Promise<number> {
  const offsets = await admin.fetchTopicOffsets(topic)
  return offsets.reduce((sum, { high }) => sum + Number(high), 0)
}

/** Undefined while the broker still loads what it knows of the group. */
async function lag(admin: Admin): Promise<number | undefined> {
  try {
    const ends = await admin.fetchTopicOffsets(TOPICS.pageEvents)
    const [group] = await admin.fetchOffsets({ groupId: PAGE_EVENTS_GROUP, topics: [TOPICS.pageEvents] })
    const committed = new Map(
      (group?.partitions ?? []).map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]),
    )
    return ends.reduce((sum, { partition, high }) => sum + Number(high) - (committed.get(partition) ?? 0), 0)
  } catch (error) {
    if (error instanceof KafkaJSError && error.retriable) return undefined
    throw error
  }
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}

async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}
