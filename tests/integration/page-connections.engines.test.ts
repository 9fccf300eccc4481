import { randomBytes } from 'node:crypto'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { describe, inject, it } from 'vitest'
import { describePageConnections } from './page-connections.ts'

const mongodbUrl = inject('mongodbUrl')

if (mongodbUrl)
  describePageConnections('on a MongoDB-compatible server', () =>
    openStore(new URL(`connections_${randomBytes(6).toString('hex')}`, mongodbUrl).href),
  )
else
  describe('connected pages on a MongoDB-compatible server', () => {
    it.skip('needs a MongoDB-compatible server: see the start of this run', () => undefined)
  })
