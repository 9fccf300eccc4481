import { openEmbeddedEngines } from '../support/open-engines.ts'
import { describeEventConsumerModel } from './event-consumer-model.ts'

describeEventConsumerModel('on the embedded engines', openEmbeddedEngines, 40)
