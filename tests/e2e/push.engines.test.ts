import { describe, inject, it } from 'vitest'
import { startDistributedSystem } from '../support/distributed-system.ts'
import { describePushes } from './push.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

if (kafkaUrl && mongodbUrl) {
  describePushes('as separate processes on Kafka and a MongoDB-compatible server', () =>
    startDistributedSystem({ kafkaUrl, mongodbUrl }),
  )
} else {
  describe('pushes on real engines', () => {
    it.skip('needs Kafka and a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}
