import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { textOf, WRITTEN } from '../support/children/write-until-killed.ts'
import { eventually } from '../support/eventually.ts'
import { spawnChild } from '../support/spawn-child.ts'

let directory = ''
let url = ''

beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'pagesync-store-'))
  url = `embedded:${directory}`
})

afterEach(async () => {
  await rm(directory, { recursive: true, force: true })
})

const spawnWriter = () => spawnChild('write-until-killed.ts', [url])

test('refuses a second process clearly while the first lives, and lets it in afterwards', async () => {
  const store = await openStore(url)
  await using refused = spawnWriter()
  await eventually(() => refused.lines.length > 0)
  expect(refused.lines[0]).toMatch(/^ENGINE_UNSUITABLE .*open in another process.*mongodb:\/\//)
  await store.ping(1_000)
  await store.close()
  await using second = spawnWriter()
  await eventually(() => second.lines.length > 1)
  expect(second.lines[0]).toBe('opened')
  await expect(openStore(url)).rejects.toMatchObject({ code: 'ENGINE_UNSUITABLE' })
})

test('refuses a second store of the same process too', async () => {
  await using _first = await openStore(url)
  await expect(openStore(url)).rejects.toMatchObject({ code: 'ENGINE_UNSUITABLE' })
})

test('has every write that was acknowledged before a kill -9, whole, and none twice', async () => {
  for (let kill = 0; kill < 3; kill++) {
    await using writer = spawnWriter()
    await eventually(() => writer.lines.length > 2_000)
    await writer.kill()
    const acknowledged = writer.lines.slice(1)
    await using store = await openStore(url)
    const written = store.collection(WRITTEN)
    for (let i = 0; i < acknowledged.length; i += 5_000) {
      const keys = acknowledged.slice(i, i + 5_000)
      const rows = await written.getMany(keys)
      expect(rows).toHaveLength(keys.length)
      for (const row of rows) expect(row).toEqual({ _id: `n${row.n}`, n: row.n, rev: 1, text: textOf(row.n) })
    }
    expect(await written.count({ index: 'by_n' })).toBe(await written.count({ index: '_id' }))
  }
})

test('lets the event loop go round while it works: at least once for every 200 rows written', async () => {
  await using store = await openStore(url)
  await store.ensure([WRITTEN])
  const written = store.collection(WRITTEN)
  let rounds = 0
  let counting = true
  const count = (): void => {
    rounds++
    if (counting) setImmediate(count)
  }
  setImmediate(count)
  const documents = Array.from({ length: 5_000 }, (_, n) => ({ _id: `n${n}`, n, text: textOf(n) }))
  await Promise.all([written.insertMany(documents), written.getMany(documents.map(({ _id }) => _id))])
  await written.replaceMany(documents.map((document) => ({ ...document, rev: 1 })))
  counting = false
  expect(rounds).toBeGreaterThanOrEqual(2 * (5_000 / 200))
})

test('keeps what people wrote from other users of the machine', async () => {
  const inside = path.join(directory, 'data')
  await using _store = await openStore(`embedded:${inside}`)
  expect((await stat(inside)).mode & 0o077).toBe(0)
})

test('says what is wrong with a folder that cannot be one, or a file that is no store', async () => {
  await writeFile(path.join(directory, 'file'), 'x')
  await expect(openStore(`embedded:${directory}/file`)).rejects.toMatchObject({ code: 'ENGINE_UNSUITABLE' })
  await writeFile(path.join(directory, 'store.sqlite'), 'this is no database'.repeat(1_000))
  await expect(openStore(url)).rejects.toMatchObject({
    code: 'ENGINE_UNSUITABLE',
    message: expect.stringContaining('no database of ours'),
  })
})
