import { randomBytes } from 'node:crypto'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { describe, inject, it } from 'vitest'
import { describeErasure } from './erasure.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

if (kafkaUrl && mongodbUrl) {
  describeErasure('on Kafka and a MongoDB-compatible server', async () => {
    const eventLog = await openEventLog(kafkaUrl, { clientId: 'erasure' })
    const store = await openStore(new URL(`erasure_${randomBytes(6).toString('hex')}`, mongodbUrl).href, {})
    return {
      eventLog,
      store,
      async [Symbol.asyncDispose]() {
        await eventLog.close()
        await store.close()
      },
    }
  })
} else {
  describe('erasure on real engines', () => {
    it.skip('needs Kafka and a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}
