import { readConfig } from '@pagesync/shared/config/read-config.ts'
import { runService } from '@pagesync/shared/lifecycle/run-service.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { callApi } from './call-api.ts'
import { StandaloneConfig } from './config.ts'
import { readyLine, welcome } from './print-welcome.ts'
import { showEvents } from './show-events.ts'
import { simulateTraffic } from './simulate-traffic.ts'
import { startStandalone } from './start-standalone.ts'
import { whenReady } from './when-ready.ts'

const config = readConfig(StandaloneConfig)
const json = process.argv.includes('--json')
const logger = createLogger({ service: 'standalone', level: config.LOG_LEVEL, fd: 2 })
const print = (line: string): void => void process.stdout.write(`${line}\n`)

await runService(start, { logger, closeWithinMs: 3_000 })

async function start() {
  await using opened = new AsyncDisposableStack()
  const standalone = opened.use(await startStandalone(config, logger))
  await whenReady([standalone.urls.api, standalone.urls.gateway])
  if (!json) opened.use(await showEvents(standalone, print))
  print(json ? readyLine(standalone) : welcome(standalone))
  if (standalone.page.created)
    await callApi(standalone, 'POST', `/pages/${standalone.page.id}/full-sync-from-facebook`, {
      prefer: 'respond-async',
    })

  const traffic = new AbortController()
  if (config.DEMO_TRAFFIC_SECONDS > 0) {
    const ended = simulateTraffic(standalone, config.DEMO_TRAFFIC_SECONDS, traffic.signal, logger)
    opened.defer(async () => {
      traffic.abort()
      await ended
    })
  }
  const all = opened.move()
  return { name: 'standalone', [Symbol.asyncDispose]: () => all.disposeAsync() }
}
