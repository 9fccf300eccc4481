import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { openStore } from './open-store.ts'

/** Opens a store in a process of its own and tells which of the two drivers that process has loaded. */
async function driversLoadedBy(url: string): Promise<{ engine: string; mongodb: boolean; sqlite: boolean }> {
  const script = `
    import { createRequire } from 'node:module'
    const { openStore } = await import(${JSON.stringify(path.join(import.meta.dirname, 'open-store.ts'))})
    const store = await openStore(${JSON.stringify(url)})
    const loaded = Object.keys(createRequire('/').cache)
    console.log(JSON.stringify({
      engine: store.engine,
      mongodb: loaded.some((file) => file.includes('/node_modules/mongodb/')),
      sqlite: process.moduleLoadList.some((name) => name.endsWith(' sqlite')),
    }))
    await store.close()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', script])
  return JSON.parse(stdout)
}

test('loads only the driver of the engine that the URL names', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'pagesync-store-'))
  try {
    expect(await driversLoadedBy(`embedded:${directory}`)).toEqual({ engine: 'embedded', mongodb: false, sqlite: true })
    expect(await driversLoadedBy('mongodb://127.0.0.1:1/')).toEqual({ engine: 'mongodb', mongodb: true, sqlite: false })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
})

test('opens without waiting for a server that is not there; the first call says so', async () => {
  await using store = await openStore('mongodb://127.0.0.1:1/')
  await expect(store.ping(500)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})

test.each(['redis://localhost', 'mongodb://localhost/?nonsense=1', 'mongodb://localhost:99999/'])(
  'refuses %s as CONFIGURATION_INVALID',
  async (url) => {
    await expect(openStore(url)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  },
)
