import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'

/** A log and a store of a test's own. */
export interface OpenEngines extends AsyncDisposable {
  readonly eventLog: EventLog
  readonly store: Store
  /** As a service is told of them. */
  readonly urls: { readonly EVENT_LOG_URL: string; readonly STORE_URL: string }
}

/** On the embedded engines, in a folder that goes with them. */
export async function openEmbeddedEngines(): Promise<OpenEngines> {
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-test-'))
  const url = `embedded:${folder}`
  return openAt({ EVENT_LOG_URL: url, STORE_URL: url }, () => rm(folder, { recursive: true, force: true }))
}

/** On Kafka, whose topics all tests share, and in a database of its own. */
export function openRealEngines(kafkaUrl: string, mongodbUrl: string): Promise<OpenEngines> {
  const database = `test_${randomBytes(6).toString('hex')}`
  return openAt({ EVENT_LOG_URL: kafkaUrl, STORE_URL: new URL(database, mongodbUrl).href })
}

async function openAt(urls: OpenEngines['urls'], cleanUp?: () => Promise<void>): Promise<OpenEngines> {
  await using opened = new AsyncDisposableStack()
  if (cleanUp) opened.defer(cleanUp)
  const eventLog = opened.use(await openEventLog(urls.EVENT_LOG_URL, { clientId: 'test' }))
  const store = opened.use(await openStore(urls.STORE_URL, {}))
  const all = opened.move()
  return { eventLog, store, urls, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
