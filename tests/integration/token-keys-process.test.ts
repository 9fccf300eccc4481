import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { expect, onTestFinished, test } from 'vitest'
import { spawnNode } from '../support/spawn-node.ts'
import { ERASURE_KEY, SEALER, TOKEN_KEYS } from '../support/token-keys.ts'

const OTHER_KEY = Buffer.alloc(32, 'another key').toString('base64')
const START_MS = 60_000

/** A store in which one page's token is sealed by the key of the tests, and the environment of a service on it. */
async function sealedStore() {
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-token-keys-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const store = await openStore(`embedded:${folder}`)
  await ensureCollections(store)
  const page = { tenantId: 't_1', facebookPageId: '1', accessToken: 'EAAGinclear', name: null }
  await createPages(store, createSequences(store), SEALER).connect(page, Date.now())
  await store.close()
  return {
    EVENT_LOG_URL: `embedded:${folder}`,
    STORE_URL: `embedded:${folder}`,
    FB_APP_ID: '1029384756',
    FB_APP_SECRET: 'secret-of-the-tests',
    ERASURE_KEY,
    GRAPH_URL: 'http://127.0.0.1:9',
    API_PORT: '0',
    API_HOST: '127.0.0.1',
    WORKER_PORT: '0',
    WORKER_HOST: '127.0.0.1',
  }
}

test.each(['services/api/src/main.ts', 'services/sync-worker/src/main.ts'])(
  '%s starts only with the keys that stored tokens need, and says which it misses',
  async (script) => {
    const environment = await sealedStore()
    for (const [keys, said] of [
      [`new:${OTHER_KEY}`, 'TOKEN_KEYS misses the key test, which seals 1 stored tokens'],
      [`test:${OTHER_KEY}`, 'TOKEN_KEYS has another key under the name test'],
    ] as const) {
      await using refused = spawnNode(script, { ...environment, TOKEN_KEYS: keys })
      await expect(refused.jsonLine(({ msg }) => msg === 'listening', START_MS)).rejects.toThrow(/ended with 1:/)
      const lines = refused.lines.join('\n')
      expect(lines).toContain(said)
      expect(lines).not.toContain(OTHER_KEY)
    }
    await using started = spawnNode(script, { ...environment, TOKEN_KEYS: `new:${OTHER_KEY},${TOKEN_KEYS}` })
    await started.jsonLine(({ msg }) => msg === 'listening', START_MS)
    expect(await started.end('SIGTERM')).toBe(0)
    expect(started.lines.join('\n')).not.toContain(OTHER_KEY)
  },
  4 * START_MS,
)
