import { type EngineLogger, silentLogger } from '../event-log/engine-logger.ts'
import type { Store } from './collection.ts'
import { parseStoreUrl } from './store-url.ts'

export interface OpenStoreDeps {
  readonly logger?: EngineLogger
  /** Names us in the server's logs and its list of connections. Default `pagesync`. */
  readonly appName?: string
}

/**
 * The store behind a URL: `mongodb://host:27017/[database]` (also `mongodb+srv://`) or `embedded:./data`. Throws
 * CONFIGURATION_INVALID for any other, ENGINE_UNSUITABLE when another process has the embedded store open. MongoDB is
 * connected by the first call: a server that is not there yet is STORE_UNAVAILABLE then, not here. The one place that
 * knows the adapters; each is loaded only when asked for.
 */
export async function openStore(url: string, deps: OpenStoreDeps = {}): Promise<Store> {
  const address = parseStoreUrl(url)
  const { logger = silentLogger, appName = 'pagesync' } = deps
  if (address.engine === 'mongodb') {
    const { openMongoStore } = await import('./mongo/mongo-store.ts')
    return openMongoStore(address, { logger, appName })
  }
  const { openSqliteStore } = await import('./sqlite/sqlite-store.ts')
  return openSqliteStore(address.directory)
}
