import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NO_LIMITS } from './no-limits.ts'
import { type NodeProcess, spawnNode } from './spawn-node.ts'
import type { System } from './system.ts'

interface ReadyLine {
  readonly api_url: string
  readonly webhook_url: string
  readonly control_url: string
  readonly api_key: string
  readonly app_secret: string
  readonly page_id: number
  readonly facebook_page_id: string
}

const SCRIPT = 'services/standalone/src/main.ts'

/** `npm start` on free ports and a folder of its own. */
export async function startStandaloneSystem(
  environment: Readonly<Record<string, string>> = {},
): Promise<System & { readonly process: () => NodeProcess }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'pagesync-e2e-'))
  const ports = { API_PORT: '0', GATEWAY_PORT: '0', SIMULATOR_PORT: '0', WORKER_PORT: '0' }
  const variables = { ...NO_LIMITS, DATA_DIR: dataDir, DEMO_TRAFFIC_SECONDS: '0', SCHEDULES: 'off', ...environment }
  let child = spawnNode(SCRIPT, { ...ports, ...variables }, ['--json'])
  const line = await child.jsonLine<ReadyLine>(({ ready }) => ready === true)
  // Started again it must be found where it was.
  const port = (url: string): string => new URL(url).port
  const samePorts = {
    API_PORT: port(line.api_url),
    GATEWAY_PORT: port(line.webhook_url),
    SIMULATOR_PORT: port(line.control_url),
    WORKER_PORT: '0',
  }
  return {
    apiUrl: line.api_url,
    webhookUrl: line.webhook_url,
    controlUrl: line.control_url,
    apiKey: line.api_key,
    appSecret: line.app_secret,
    pageId: line.page_id,
    facebookPageId: line.facebook_page_id,
    process: () => child,
    async restartWorker() {
      await child.end('SIGKILL')
      child = spawnNode(SCRIPT, { ...samePorts, ...variables }, ['--json'])
      await child.jsonLine(({ ready }) => ready === true)
    },
    async [Symbol.asyncDispose]() {
      await child.end('SIGTERM')
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
