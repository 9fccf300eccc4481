import { openEmbeddedEngines } from '../support/open-engines.ts'
import { describeErasure } from './erasure.ts'

describeErasure('on the embedded engines', openEmbeddedEngines)
