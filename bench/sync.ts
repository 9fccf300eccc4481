import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { startKafkaEngine } from '../tests/support/engines/kafka-engine.ts'
import { startMongoEngine } from '../tests/support/engines/mongo-engine.ts'
import { round } from './gateway/statistics.ts'
import { fingerprints, measureInsertMany, sameDocuments } from './sync/stored-documents.ts'
import { openSyncBed, received, type SyncBed } from './sync/sync-bed.ts'

/** What a sync costs in Graph calls, and what it loses when its worker is killed. See bench/README.md. */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    conversations: { type: 'string', default: '2000' },
    kills: { type: 'string', default: '10' },
    large: { type: 'string', default: '100000' },
  },
})
const CONVERSATIONS = Number(values.conversations)
const KILLS = Number(values.kills)
const LARGE = Number(values.large)
const FOLDERS = 2
const SHAPE = { count: CONVERSATIONS, longShare: 0.05, longMessages: 100, shortMin: 1, shortMax: 20, doneShare: 0.1 }
/** No limit worth the name: the budget is not what is measured. */
const UNLIMITED = 10_000

await using stack = new AsyncDisposableStack()
const [kafka, mongo] = await Promise.all([startKafkaEngine(), startMongoEngine()])
if ('unavailable' in kafka) throw new Error(kafka.unavailable)
if ('unavailable' in mongo) throw new Error(mongo.unavailable)
stack.use(kafka)
stack.use(mongo)
const engines = { kafka: kafka.url, mongo: mongo.url }
const say = (line: string): void => console.error(line)
say(`${kafka.label}, ${mongo.label}; ${cpus().length} × ${cpus()[0]?.model}`)

const few = await measureCalls()
const killed = await measureKills(few.documents, few.calls_full)
const unlimited = await measureUnlimited()
const large = await measureMemory()
const figures = {
  calls_full: few.calls_full,
  calls_unchanged: few.calls_unchanged,
  folders: FOLDERS,
  calls_changed_20: few.calls_changed_20,
  calls_killed: killed.calls,
  kills: KILLS,
  identical: killed.identical,
  wall_ratio: round(few.wallRatio, 3),
  rss_mib_100k: round(large.rssMib, 0),
  ratio_insert_many: round(unlimited.ratio, 3),
}
console.log(values.json ? JSON.stringify(figures) : figures)

/** The first sync, one without changes and one with twenty, at Facebook's 2 calls a second. */
async function measureCalls() {
  await using bed = await openSyncBed(engines, { shape: SHAPE, callsPerSecond: 2 })
  const began = performance.now()
  await (await bed.request()).settled()
  const seconds = (performance.now() - began) / 1000
  const calls_full = await bed.takeCalls()
  const wallRatio = seconds / (calls_full / 2)
  say(
    `first full sync: ${calls_full} calls (target 150) in ${round(seconds, 1)} s, ${round(wallRatio, 3)} of calls / 2 (target 1.1)`,
  )
  const documents = await fingerprints(bed.storeUrl, bed.simulator.url)

  await (await bed.request()).settled()
  const calls_unchanged = await bed.takeCalls()
  say(
    `nothing changed: ${calls_unchanged} calls, one of them for the page's details (target ${2 * FOLDERS} for ${FOLDERS} folders)`,
  )

  await letPeopleWrite(bed, 20)
  await bed.takeCalls()
  await (await bed.request()).settled()
  const calls_changed_20 = await bed.takeCalls()
  say(`20 conversations changed: ${calls_changed_20} calls (target 6)`)
  return { calls_full, calls_unchanged, calls_changed_20, wallRatio, documents }
}

async function letPeopleWrite({ simulator, page }: SyncBed, people: number): Promise<void> {
  const { conversations } = await simulator.control<{ conversations: { psids: string[] }[] }>(
    'GET',
    `conversations?facebook_page_id=${page.facebook_page_id}&limit=200`,
  )
  for (let i = 0; i < people; i++) {
    const psid = conversations[i * Math.floor(conversations.length / people)]?.psids[0]
    await simulator.control('POST', 'messages', { facebook_page_id: page.facebook_page_id, psid, text: `again ${i}` })
  }
}

/** The same sync, its worker killed at random moments. Faster than Facebook allows, so that the waits for leases do not take all the time. */
async function measureKills(expected: ReadonlyMap<string, string>, uninterrupted: number) {
  await using bed = await openSyncBed(engines, { shape: SHAPE, callsPerSecond: 10 })
  const command = await bed.request()
  let ended = false
  const end = command.settled().finally(() => {
    ended = true
  })
  let kills = 0
  while (kills < KILLS && !ended) {
    await delay(300 + Math.random() * 1_000)
    if (ended) break
    await bed.killWorker()
    kills++
    await untilWorking(bed, () => ended)
  }
  await end
  const calls = await bed.takeCalls()
  const identical = sameDocuments(expected, await fingerprints(bed.storeUrl, bed.simulator.url))
  say(
    `killed ${kills} times: ${calls} calls (target ${uninterrupted + kills}), documents ${identical ? 'identical' : 'DIFFERENT'}`,
  )
  if (kills < KILLS) say(`the sync was over after ${kills} kills`)
  return { calls, identical }
}

/** A kill while nobody holds the page kills nothing. */
async function untilWorking({ simulator }: SyncBed, ended: () => boolean): Promise<void> {
  const before = await received(simulator)
  while (!ended() && (await received(simulator)) === before) await delay(20)
}

async function measureUnlimited() {
  await using bed = await openSyncBed(engines, { shape: SHAPE, callsPerSecond: UNLIMITED })
  const began = performance.now()
  await (await bed.request()).settled()
  const seconds = (performance.now() - began) / 1000
  const bare = await measureInsertMany(bed.storeUrl)
  const ratio = bare.documents / seconds / bare.perSecond
  say(
    `without the budget: ${round(CONVERSATIONS / seconds, 0)} conversations/s, ${round(bare.documents / seconds, 0)} documents/s, ${round(ratio, 3)} of insertMany's ${round(bare.perSecond, 0)}/s (target 0.2)`,
  )
  return { ratio }
}

async function measureMemory() {
  await using bed = await openSyncBed(engines, { shape: { ...SHAPE, count: LARGE }, callsPerSecond: UNLIMITED })
  const samples: number[] = []
  let ended = false
  const end = (await bed.request()).settled().finally(() => {
    ended = true
  })
  while (!ended) {
    samples.push(await residentMib(bed.worker().pid))
    await delay(500)
  }
  await end
  const peak = (from: number, to: number): number =>
    Math.max(...samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)))
  const growth = peak(0.9, 1) / peak(0.4, 0.5)
  say(
    `${LARGE} conversations: ${round(peak(0, 1), 0)} MiB at most (target 400), ${round(growth, 3)} of half way at the end (target 1.15)`,
  )
  return { rssMib: peak(0, 1), growth }
}

async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024
}
