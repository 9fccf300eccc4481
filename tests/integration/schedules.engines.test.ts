import { randomBytes } from 'node:crypto'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { describe, inject, it } from 'vitest'
import { describeSharedSchedules } from './schedules.ts'

const mongodbUrl = inject('mongodbUrl')

if (mongodbUrl) {
  describeSharedSchedules('on a MongoDB-compatible server', () =>
    openStore(new URL(`schedules_${randomBytes(6).toString('hex')}`, mongodbUrl).href, {}),
  )
} else {
  describe('scheduled work on a real engine', () => {
    it.skip('needs a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}
