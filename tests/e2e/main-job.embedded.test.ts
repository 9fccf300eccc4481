import { startStandaloneSystem } from '../support/standalone-system.ts'
import { describeMainJob } from './main-job.ts'

describeMainJob('in one process on the embedded engines', startStandaloneSystem)
