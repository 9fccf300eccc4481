import { startStandaloneSystem } from '../support/standalone-system.ts'
import { describePushes } from './push.ts'

describePushes('in one process on the embedded engines', () => startStandaloneSystem())
