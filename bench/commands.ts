import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { startKafkaEngine } from '../tests/support/engines/kafka-engine.ts'
import { startMongoEngine } from '../tests/support/engines/mongo-engine.ts'
import { openCommandsBed } from './commands/commands-bed.ts'
import { runKillMatrix } from './commands/kill-matrix.ts'
import { type SendRound, sendThroughHttp } from './commands/send-through-http.ts'
import { cpuMs } from './gateway/processes.ts'
import { median, round } from './gateway/statistics.ts'

/**
 * How many commands a second go from an HTTP request to `succeeded`, and whether a worker that is killed in the middle
 * of a send sends anything twice or loses it. See bench/README.md.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    commands: { type: 'string', default: '3000' },
    rounds: { type: 'string', default: '3' },
    callers: { type: 'string', default: '64' },
    pages: { type: 'string', default: '50' },
    /** Of each step of a send, on each pair of engines; 20 is the whole matrix. */
    kills: { type: 'string', default: '1' },
  },
})
const COMMANDS = Number(values.commands)
const ROUNDS = Number(values.rounds)
const CALLERS = Number(values.callers)
const PAGES = Number(values.pages)
const CONVERSATIONS = 10
const KILLS = Number(values.kills)

await using stack = new AsyncDisposableStack()
const [kafka, mongo] = await Promise.all([startKafkaEngine(), startMongoEngine()])
if ('unavailable' in kafka) throw new Error(kafka.unavailable)
if ('unavailable' in mongo) throw new Error(mongo.unavailable)
stack.use(kafka)
stack.use(mongo)
const engines = { kafkaUrl: kafka.url, mongodbUrl: mongo.url }
const say = (line: string): void => console.error(line)
say(`${kafka.label}, ${mongo.label}; ${cpus().length} × ${cpus()[0]?.model}`)

const rounds = await measureSends()
const killed = await runKillMatrix({ ...engines, killsPerStep: KILLS, say })
const sum = (of: (one: SendRound) => number): number => rounds.reduce((total, one) => total + of(one), 0)
const figures = {
  commands_per_s: round(median(rounds.map(({ perSecond }) => perSecond)), 1),
  p50_ms: round(median(rounds.map(({ p50Ms }) => p50Ms)), 1),
  p99_ms: round(median(rounds.map(({ p99Ms }) => p99Ms)), 1),
  kills: killed.kills,
  duplicate_sends: killed.duplicates + sum(({ duplicates }) => duplicates),
  lost_sends: killed.lost + sum(({ lost }) => lost),
}
console.log(values.json ? JSON.stringify(figures) : figures)

async function measureSends(): Promise<SendRound[]> {
  await using bed = await openCommandsBed({ ...engines, pages: PAGES, conversations: CONVERSATIONS })
  say(`${PAGES} pages, ${bed.conversationIds.length} conversations, ${CALLERS} callers`)
  // What is compiled and connected at the first use is not measured.
  await sendThroughHttp(bed, { commands: Math.min(300, COMMANDS), callers: CALLERS, round: 0 })
  const measured: SendRound[] = []
  for (let i = 1; i <= ROUNDS; i++) {
    const before = await processorTimes(bed.processes)
    const one = await sendThroughHttp(bed, { commands: COMMANDS, callers: CALLERS, round: i })
    const after = await processorTimes(bed.processes)
    const each = Object.keys(after).map((name) => `${name} ${round((after[name]! - before[name]!) / COMMANDS, 2)}`)
    say(
      `round ${i}: ${round(one.perSecond, 1)} commands/s, p50 ${round(one.p50Ms, 1)} ms, p99 ${round(one.p99Ms, 1)} ms, ${one.duplicates} duplicates, ${one.lost} lost; ms of processor time a command: ${each.join(', ')}`,
    )
    measured.push(one)
  }
  return measured
}

async function processorTimes(processes: Readonly<Record<string, { readonly pid: number }>>) {
  const times = await Promise.all(
    Object.entries(processes).map(async ([name, { pid }]) => [name, await cpuMs(pid)] as const),
  )
  return Object.fromEntries(times)
}
