import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { startKafkaEngine } from '../tests/support/engines/kafka-engine.ts'
import { startMongoEngine } from '../tests/support/engines/mongo-engine.ts'
import { cpuMs } from './gateway/processes.ts'
import { round } from './gateway/statistics.ts'
import { openReplyBed, type ReplyBed } from './reply/reply-bed.ts'
import { openRoundTrips } from './reply/round-trips.ts'
import { writeAndWait } from './reply/write-and-wait.ts'

/** How long a customer waits for an automatic reply, and whether each message gets exactly one. See bench/README.md. */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    rate: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '60' },
    pages: { type: 'string', default: '20' },
    conversations: { type: 'string', default: '2000' },
  },
})
const PAGES = Number(values.pages)
const RATE = Number(values.rate)
const SECONDS = Number(values.seconds)
const WARM_UP_SECONDS = 5

await using stack = new AsyncDisposableStack()
const [kafka, mongo] = await Promise.all([startKafkaEngine(), startMongoEngine()])
if ('unavailable' in kafka) throw new Error(kafka.unavailable)
if ('unavailable' in mongo) throw new Error(mongo.unavailable)
stack.use(kafka)
stack.use(mongo)
const say = (line: string): void => console.error(line)
say(`${kafka.label}, ${mongo.label}; ${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0]?.toFixed(1)}`)

const bed = stack.use(
  await openReplyBed({
    kafkaUrl: kafka.url,
    mongodbUrl: mongo.url,
    pages: PAGES,
    conversations: Math.ceil(Number(values.conversations) / PAGES),
  }),
)
const trips = stack.use(await openRoundTrips([new URL(kafka.url).host]))
say(`${PAGES} pages, ${bed.customers.length} conversations, ${RATE} messages/s for ${SECONDS} s`)
// What is compiled and connected at the first use is not measured.
await writeAndWait(bed, { perSecond: Math.min(50, RATE), seconds: WARM_UP_SECONDS })

const tripsMs: number[] = []
const before = await processorTimes(bed)
const measured = await writeAndWait(bed, {
  perSecond: RATE,
  seconds: SECONDS,
  beside: async () => void tripsMs.push(await trips.measure()),
})
const after = await processorTimes(bed)
const each = Object.keys(after).map((name) => `${name} ${round((after[name]! - before[name]!) / (RATE * SECONDS), 2)}`)
say(`ms of processor time a message: ${each.join(', ')}; load ${loadavg()[0]?.toFixed(1)}`)
tripsMs.sort((a, b) => a - b)
const figures = {
  replies: measured.replies,
  lost: measured.lost,
  twice: measured.twice,
  p50_ms: round(quantile(measured.latenciesMs, 0.5), 1),
  p99_ms: round(quantile(measured.latenciesMs, 0.99), 1),
  round_trip_p50_ms: round(quantile(tripsMs, 0.5), 1),
}
console.log(values.json ? JSON.stringify(figures) : figures)

function quantile(rising: readonly number[], q: number): number {
  return rising[Math.min(rising.length - 1, Math.floor(rising.length * q))] ?? Number.NaN
}

async function processorTimes({ processes }: ReplyBed): Promise<Record<string, number>> {
  const times = Object.entries(processes).map(async ([name, { pid }]) => [name, await cpuMs(pid)] as const)
  return Object.fromEntries(await Promise.all(times))
}
