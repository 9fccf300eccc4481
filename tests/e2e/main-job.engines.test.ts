import { describe, inject, it } from 'vitest'
import { startDistributedSystem } from '../support/distributed-system.ts'
import { describeMainJob } from './main-job.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

if (kafkaUrl && mongodbUrl) {
  describeMainJob('as separate processes on Kafka and a MongoDB-compatible server', () =>
    startDistributedSystem({ kafkaUrl, mongodbUrl }),
  )
} else {
  describe('the main job on real engines', () => {
    it.skip('needs Kafka and a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}
