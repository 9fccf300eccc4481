import { randomBytes } from 'node:crypto'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { describe, inject, it } from 'vitest'
import { describeEventConsumerModel } from './event-consumer-model.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

/** Joining a Kafka group takes seconds, and every crash joins anew: few runs here, many on the embedded engines. */
const RUNS = 4

if (kafkaUrl && mongodbUrl) {
  describeEventConsumerModel(
    'on Kafka and a MongoDB-compatible server',
    async () => {
      const eventLog = await openEventLog(kafkaUrl, { clientId: 'model' })
      const store = await openStore(new URL(`model_${randomBytes(6).toString('hex')}`, mongodbUrl).href, {})
      return {
        eventLog,
        store,
        async [Symbol.asyncDispose]() {
          await eventLog.close()
          await store.close()
        },
      }
    },
    RUNS,
  )
} else {
  describe('the event consumer under crashes and repeats on real engines', () => {
    it.skip('needs Kafka and a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}
