import { describe, inject, it } from 'vitest'
import { openRealEngines } from '../support/open-engines.ts'
import { describeErasure } from './erasure.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

if (kafkaUrl && mongodbUrl) {
  describeErasure('on Kafka and a MongoDB-compatible server', () => openRealEngines(kafkaUrl, mongodbUrl))
} else {
  describe('erasure on real engines', () => {
    it.skip('needs Kafka and a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}
