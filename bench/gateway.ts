import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { messageEventId } from '@pagesync/shared/model/page-event.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { Kafka, logLevel } from 'kafkajs'
import { startKafkaEngine } from '../tests/support/engines/kafka-engine.ts'
import { missingInTopic, topicEnds } from './gateway/find-in-topic.ts'
import { cpuMs, type ServerProcess, startLoad, startServer } from './gateway/processes.ts'
import type { MessageOptions } from './gateway/signed-messages.ts'
import { median, round } from './gateway/statistics.ts'

/**
 * The gateway against its peers: (a) bare Fastify that answers 200, (b) Fastify that verifies and sends one record
 * for each webhook, (c) ours. Real Kafka, alternating rounds of the same load, medians. `--json` prints one object
 * as the last line. The exit code tells of errors, not of targets.
 */
const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    /** A folder for `node --cpu-prof` of our gateway. */
    profile: { type: 'string' },
  },
})
const ROUNDS = Number(flags.rounds)
const ROUND_MS = Number(flags.seconds) * 1000
const CONNECTIONS = 64
const BODY_BYTES = 600
const PATH = '/api/facebook/webhook'
const SECRET = randomBytes(16).toString('hex')
const PAGE_ID = '104926374821734'
/** Makes the messages of this run different from those of every other. */
const RUN = randomBytes(4).toString('hex')
const NAIVE_TOPIC = `bench-naive-${RUN}`
const PARTITIONS = 12

type Peer = 'bare' | 'naive' | 'ours'
const PEERS: readonly Peer[] = ['bare', 'naive', 'ours']

interface Round {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly cpuUsPerRequest: number
  readonly non200: number
}

const say = (line: string) => console[flags.json ? 'error' : 'log'](line)
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const kafka = await startKafkaEngine()
if ('unavailable' in kafka) throw new Error(`Kafka cannot be had on this machine: ${kafka.unavailable}`)
const folder = await mkdtemp(join(tmpdir(), 'pagesync-bench-'))
try {
  await main(kafka.url)
} finally {
  await kafka[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}

async function main(kafkaUrl: string): Promise<void> {
  const brokers = kafkaUrl.slice('kafka://'.length).split('?')[0]!.split(',')
  await createNaiveTopic(brokers)
  await using running = new AsyncDisposableStack()
  const servers: Record<Peer, ServerProcess> = {
    bare: running.use(await startServer(script('gateway/bare-peer.ts'), (port) => ({ PORT: String(port) }))),
    naive: running.use(
      await startServer(script('gateway/naive-peer.ts'), (port) => ({
        PORT: String(port),
        KAFKA_BROKERS: brokers.join(','),
        TOPIC: NAIVE_TOPIC,
        FB_APP_SECRET: SECRET,
      })),
    ),
    ours: running.use(await startOurs(kafkaUrl)),
  }
  const load = running.use(startLoad())
  const begin = await topicEnds(brokers, TOPICS.pageEvents)
  const accepted = new Set<string>()
  const rounds: Record<Peer, Round[]> = { bare: [], naive: [], ours: [] }

  const runRound = async (peer: Peer, tag: string, durationMs: number, perSecondGuess: number): Promise<Round> => {
    const { port, pid } = servers[peer]
    // The others are paused: an idle kafkajs wakes up every millisecond, and that would be charged to this peer.
    for (const other of PEERS) process.kill(servers[other].pid, other === peer ? 'SIGCONT' : 'SIGSTOP')
    const message: MessageOptions = {
      secret: SECRET,
      pageId: PAGE_ID,
      path: PATH,
      tag: `${RUN}-${tag}`,
      bodyBytes: BODY_BYTES,
    }
    const cpuBeforeMs = await cpuMs(pid)
    const requestsMax = Math.ceil((perSecondGuess * durationMs) / 1000)
    const result = await load.run({ port, connections: CONNECTIONS, durationMs, requestsMax, message })
    const usedMs = (await cpuMs(pid)) - cpuBeforeMs
    if (peer === 'ours') noteAccepted(accepted, message.tag, result.sent, result.failed)
    const { perSecond, p50Ms, p99Ms, non200 } = result
    say(
      `${tag.padEnd(16)} ${perSecond.toFixed(0).padStart(7)}/s  p50 ${p50Ms.toFixed(2)} ms  p99 ${p99Ms.toFixed(2)} ms  non-200 ${non200}`,
    )
    return { perSecond, p50Ms, p99Ms, non200, cpuUsPerRequest: (usedMs * 1000) / result.requests }
  }

  const guesses: Record<Peer, number> = { bare: 30_000, naive: 10_000, ours: 30_000 }
  for (const peer of PEERS) {
    await runRound(peer, `${peer}-warm`, 2000, guesses[peer])
    guesses[peer] = 1.5 * (await runRound(peer, `${peer}-warm2`, 2000, guesses[peer])).perSecond
  }
  for (let i = 0; i < ROUNDS; i++) {
    for (let j = 0; j < PEERS.length; j++) {
      const peer = PEERS[(i + j) % PEERS.length]!
      rounds[peer].push(await runRound(peer, `${peer}-${i}`, ROUND_MS, guesses[peer]))
    }
  }
  const missing = await missingInTopic(brokers, TOPICS.pageEvents, begin, accepted)
  report(rounds, accepted.size, missing)
  if (missing > 0) throw new Error(`${missing} events that were answered with 200 are not in the topic`)
}

function startOurs(kafkaUrl: string): Promise<ServerProcess> {
  const profile = flags.profile ? ['--cpu-prof', `--cpu-prof-dir=${flags.profile}`] : []
  return startServer(
    script('../services/webhook-gateway/src/main.ts'),
    (port) => ({
      GATEWAY_PORT: String(port),
      GATEWAY_HOST: '127.0.0.1',
      EVENT_LOG_URL: kafkaUrl.includes('?') ? kafkaUrl : `${kafkaUrl}?replication=1`,
      STORE_URL: `embedded:${join(folder, 'store')}`,
      TOPIC_PARTITIONS: String(PARTITIONS),
      FB_APP_SECRET: SECRET,
      FB_VERIFY_TOKEN: 'bench-verify-token',
    }),
    profile,
  )
}

async function createNaiveTopic(brokers: string[]): Promise<void> {
  const admin = new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.ERROR }).admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic: NAIVE_TOPIC, numPartitions: PARTITIONS }], waitForLeaders: true })
  await admin.disconnect()
}

function noteAccepted(accepted: Set<string>, tag: string, sent: number, failed: readonly number[]): void {
  const not = new Set(failed)
  for (let i = 0; i < sent; i++) {
    if (!not.has(i)) accepted.add(messageEventId(PAGE_ID, 'facebook.message.received', `m_${tag}-${i}`))
  }
}

function report(rounds: Record<Peer, Round[]>, accepted: number, missing: number): void {
  const of = (peer: Peer, what: keyof Round) => median(rounds[peer].map((one) => one[what]))
  for (const peer of PEERS) {
    say(
      `${peer.padEnd(6)} median ${of(peer, 'perSecond').toFixed(0)}/s, p50 ${of(peer, 'p50Ms').toFixed(2)} ms, ` +
        `p99 ${of(peer, 'p99Ms').toFixed(2)} ms, ${of(peer, 'cpuUsPerRequest').toFixed(1)} µs of processor time a request`,
    )
  }
  say(`${accepted} webhooks answered with 200, ${missing} of their events missing in the topic`)
  const result = {
    bare_rps: round(of('bare', 'perSecond'), 0),
    naive_rps: round(of('naive', 'perSecond'), 0),
    ours_rps: round(of('ours', 'perSecond'), 0),
    ratio_bare: round(of('ours', 'perSecond') / of('bare', 'perSecond'), 3),
    ratio_naive: round(of('ours', 'perSecond') / of('naive', 'perSecond'), 3),
    p99_ratio: round(of('ours', 'p99Ms') / of('bare', 'p99Ms'), 3),
    non_200: rounds.ours.reduce((sum, one) => sum + one.non200, 0),
  }
  console.log(flags.json ? JSON.stringify(result) : result)
}
