import { ApiConfig } from '@pagesync/api/config.ts'
import { StandaloneConfig } from '@pagesync/standalone/config.ts'
import { WorkerConfig } from '@pagesync/sync-worker/config.ts'
import { GatewayConfig } from '@pagesync/webhook-gateway/config.ts'
import { type Setting, settingsOf } from './settings-of.ts'

export interface ConfiguredService {
  readonly title: string
  readonly script: string
  readonly settings: readonly Setting[]
}

/** What is set up by environment variables from a schema, in the order in which a deployment meets it. */
export const CONFIGURED_SERVICES: readonly ConfiguredService[] = [
  { title: 'Webhook gateway', script: 'start:gateway', settings: settingsOf(GatewayConfig) },
  { title: 'Sync worker', script: 'start:worker', settings: settingsOf(WorkerConfig) },
  { title: 'API', script: 'start:api', settings: settingsOf(ApiConfig) },
  { title: 'Everything in one process', script: 'start', settings: settingsOf(StandaloneConfig) },
]

/** The three services of a real deployment. */
export const DEPLOYED_SERVICES = CONFIGURED_SERVICES.slice(0, 3)
