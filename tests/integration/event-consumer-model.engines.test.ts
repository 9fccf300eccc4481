import { describe, inject, it } from 'vitest'
import { openRealEngines } from '../support/open-engines.ts'
import { describeEventConsumerModel } from './event-consumer-model.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

/** Joining a Kafka group takes seconds, and every crash joins anew: few runs here, many on the embedded engines. */
const RUNS = 4

if (kafkaUrl && mongodbUrl) {
  describeEventConsumerModel(
    'on Kafka and a MongoDB-compatible server',
    () => openRealEngines(kafkaUrl, mongodbUrl),
    RUNS,
  )
} else {
  describe('the event consumer under crashes and repeats on real engines', () => {
    it.skip('needs Kafka and a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}
