import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { MongoClient } from 'mongodb'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { mongoDatabaseUrl } from '../support/engines/mongo-engine.ts'
import { eventually } from '../support/eventually.ts'
import { describeCollectionContract } from './collection-contract.ts'
import { describeMergeRowsContract } from './merge-rows-contract.ts'

const server = inject('mongodbUrl')

describe.skipIf(server === '')(
  server === '' ? 'skipped: no MongoDB could be had, see the beginning of the run' : 'over the wire',
  () => {
    const database = `pagesync_test_${randomBytes(6).toString('hex')}`

    afterAll(async () => {
      await using client = new MongoClient(server)
      await client.db(database).dropDatabase()
    })

    const open = () => openStore(mongoDatabaseUrl(server, database))
    describeCollectionContract('MongoDB', open, { propertyRuns: 8 })
    describeMergeRowsContract('MongoDB', open)

    test('a server that is silent for longer than the driver waits is reached once it speaks', async () => {
      await using gate = await openGate(server)
      await using store = await openStore(mongoDatabaseUrl(gate.url, database))
      // The driver waits 3 s for a server; each of these has longer.
      const early = await Promise.allSettled([store.ping(8_000), store.ping(8_000)])
      expect(early).toMatchObject([
        { reason: { code: 'STORE_UNAVAILABLE' } },
        { reason: { code: 'STORE_UNAVAILABLE' } },
      ])
      gate.speak()
      await eventually(() => store.ping(8_000).then(() => true))
    })
  },
)

/** Another address of the server, that takes connections and says nothing until it is told to. */
async function openGate(url: string) {
  const { hostname, port } = new URL(url)
  let speaks = false
  const gate = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    if (!speaks) return
    const behind = connect(Number(port || 27_017), hostname)
    behind.on('error', () => socket.destroy())
    socket.on('close', () => behind.destroy())
    socket.pipe(behind).pipe(socket)
  })
  await once(gate.listen(0, '127.0.0.1'), 'listening')
  const at = new URL(url)
  at.host = `127.0.0.1:${(gate.address() as AddressInfo).port}`
  // A replica set would tell the driver its real address.
  at.searchParams.set('directConnection', 'true')
  return {
    url: at.href,
    speak: () => {
      speaks = true
    },
    [Symbol.asyncDispose]: async () => {
      gate.close()
    },
  }
}
