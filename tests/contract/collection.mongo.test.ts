import { randomBytes } from 'node:crypto'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { MongoClient } from 'mongodb'
import { afterAll, describe, inject } from 'vitest'
import { mongoDatabaseUrl } from '../support/engines/mongo-engine.ts'
import { describeCollectionContract } from './collection-contract.ts'

const server = inject('mongodbUrl')

describe.skipIf(server === '')(
  server === '' ? 'skipped: no MongoDB could be had, see the beginning of the run' : 'over the wire',
  () => {
    const database = `pagesync_test_${randomBytes(6).toString('hex')}`

    afterAll(async () => {
      await using client = new MongoClient(server)
      await client.db(database).dropDatabase()
    })

    describeCollectionContract('MongoDB', () => openStore(mongoDatabaseUrl(server, database)), { propertyRuns: 8 })
  },
)
