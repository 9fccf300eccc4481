import { randomBytes } from 'node:crypto'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { MongoClient } from 'mongodb'
import { afterAll, describe, inject } from 'vitest'
import { mongoDatabaseUrl } from '../support/engines/mongo-engine.ts'
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
  },
)
