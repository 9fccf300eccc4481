import { describe, inject, it } from 'vitest'
import { openRealEngines } from '../support/open-engines.ts'
import { describeAutomaticReplies } from './automatic-replies.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

if (kafkaUrl && mongodbUrl) {
  describeAutomaticReplies('on Kafka and a MongoDB-compatible server', () => openRealEngines(kafkaUrl, mongodbUrl))
} else {
  describe('automatic replies on real engines', () => {
    it.skip('needs Kafka and a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}
