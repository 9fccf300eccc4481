import { readFileSync } from 'node:fs'
import type { Collection, Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { textOf, WRITTEN, type Written } from '../support/children/write-until-killed.ts'
import { type LocalMongo, mongoDatabaseUrl, startLocalMongo } from '../support/engines/mongo-engine.ts'
import { eventually } from '../support/eventually.ts'

/** Of 3 s for finding no server, and room for a machine that is busy. */
const UNAVAILABLE_WITHIN_MS = 7_000

/** All unset where there is no server to kill: then every test is skipped. */
let mongo: LocalMongo
let store: Store
let unavailable = ''
let written: Collection<Written>

beforeAll(async () => {
  try {
    mongo = await startLocalMongo()
  } catch (error) {
    unavailable = `no server of our own to kill: ${(error as Error).message}`
    return
  }
  store = await openStore(mongoDatabaseUrl(mongo.url, 'faults'))
  await store.ensure([WRITTEN])
  written = store.collection(WRITTEN)
})

afterAll(async () => {
  await store?.close()
  await mongo?.[Symbol.asyncDispose]()
})

beforeEach((context) => {
  if (unavailable) context.skip(unavailable)
})

const document = (n: number) => ({ _id: `n${n}`, n, text: textOf(n) })

async function expectUnavailable(call: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now()
  await expect(call()).rejects.toMatchObject({ name: 'AppError', code: 'STORE_UNAVAILABLE', kind: 'transient' })
  expect(performance.now() - startedMs).toBeLessThan(UNAVAILABLE_WITHIN_MS)
}

const callsOfAllKinds = (): (() => Promise<unknown>)[] => [
  () => written.insertMany([document(-1)]),
  () => written.replaceMany([{ ...document(1), rev: 1 }]),
  () => written.increment('counter', { n: 1 }),
  () => written.getMany(['n1']),
  () => written.find({ index: 'by_n', limit: 10 }),
  () => written.count({ index: 'by_n' }),
  () => written.groupCount({ index: 'by_n' }),
  () => written.deleteMany(['none']),
  () => store.ping(4_000),
]

const isStopped = (pid: number): boolean => /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))

/** Writes from many callers until told to stop; answers the keys that were acknowledged, and how the others failed. */
function keepWriting() {
  const acknowledged: string[] = []
  const codes = new Set<string>()
  let stopped = false
  let next = 1_000
  const write = async (): Promise<void> => {
    while (!stopped) {
      const batch = Array.from({ length: 20 }, () => document(next++))
      try {
        await written.insertMany(batch)
        acknowledged.push(...batch.map(({ _id }) => _id))
      } catch (error) {
        codes.add((error as { code: string }).code)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
  }
  const writers = Promise.all(Array.from({ length: 6 }, write))
  return {
    acknowledged,
    codes,
    async stop() {
      stopped = true
      await writers
    },
  }
}

test('a killed server is STORE_UNAVAILABLE in time, comes back by itself, and has all that was acknowledged', async () => {
  const writing = keepWriting()
  await eventually(() => writing.acknowledged.length > 500)
  await mongo.killHard()
  await Promise.all(callsOfAllKinds().map(expectUnavailable))
  const before = writing.acknowledged.length
  await mongo.restart()
  await eventually(() => writing.acknowledged.length > before + 500, 30_000)
  await writing.stop()
  expect([...writing.codes]).toEqual(['STORE_UNAVAILABLE'])
  for (let i = 0; i < writing.acknowledged.length; i += 5_000) {
    const keys = writing.acknowledged.slice(i, i + 5_000)
    const rows = await written.getMany(keys)
    expect(rows).toHaveLength(keys.length)
    for (const row of rows) expect(row).toEqual({ ...document(row.n), rev: 1 })
  }
})

test('a database that dies behind its server is STORE_UNAVAILABLE too', async () => {
  const { postgres, script, ferretdb } = mongo.pids()
  // The script would end FerretDB as well; stopped, it leaves it there without its database.
  process.kill(script, 'SIGSTOP')
  try {
    process.kill(postgres, 'SIGKILL')
    await eventually(() =>
      written.insertMany([document(0)]).then(
        () => false,
        () => true,
      ),
    )
    process.kill(ferretdb, 0)
    await Promise.all(callsOfAllKinds().map(expectUnavailable))
  } finally {
    process.kill(script, 'SIGCONT')
  }
  await mongo.restart()
  await eventually(() => store.ping(1_000).then(() => true), 30_000)
})

test('a server that hangs is STORE_UNAVAILABLE in time, and goes on when it does', async () => {
  const { postgres, ferretdb } = mongo.pids()
  for (const pid of [ferretdb, postgres]) process.kill(pid, 'SIGSTOP')
  try {
    await eventually(() => isStopped(ferretdb) && isStopped(postgres))
    await Promise.all(callsOfAllKinds().map(expectUnavailable))
    await expectUnavailable(() => store.ping(500))
  } finally {
    for (const pid of [postgres, ferretdb]) process.kill(pid, 'SIGCONT')
  }
  await eventually(() => store.ping(1_000).then(() => true), 30_000)
  await eventually(() => written.insertMany([document(-2)]).then(() => true), 30_000)
})
