import { MongoClient, type MongoClientOptions } from 'mongodb'
import type { EngineLogger } from '../../event-log/engine-logger.ts'
import { checkDefinition } from '../call-limits.ts'
import type { Store } from '../collection.ts'
import { invalidStoreUrl, type MongoAddress } from '../store-url.ts'
import { ensureCollections } from './ensure-collections.ts'
import { createMongoCollection } from './mongo-collection.ts'
import { createServerCalls } from './server-calls.ts'
import type { StoredDocument } from './stored-form.ts'

/** A killed server is STORE_UNAVAILABLE after SELECTION_MS at most, one that hangs after `CALL_MS`. */
const SELECTION_MS = 3_000
const CONNECT_MS = 2_000
/** The driver asks each server so often whether it lives, and drops its connections when it does not. */
const HEARTBEAT_MS = 2_000
/** A last resort: waiting callers are let go long before. */
const SOCKET_IDLE_MS = 150_000
const POOL_CONNECTIONS_MAX = 20
const POOL_WAIT_MS = 3_000
const QUORUM_MS = 4_000

/** Set here, so that no URL can lower what "written" means. */
const OPTIONS: MongoClientOptions = {
  writeConcern: { w: 'majority', journal: true, wtimeoutMS: QUORUM_MS },
  readPreference: 'primary',
  retryWrites: true,
  retryReads: true,
  ignoreUndefined: true,
  serverSelectionTimeoutMS: SELECTION_MS,
  connectTimeoutMS: CONNECT_MS,
  socketTimeoutMS: SOCKET_IDLE_MS,
  heartbeatFrequencyMS: HEARTBEAT_MS,
  maxPoolSize: POOL_CONNECTIONS_MAX,
  waitQueueTimeoutMS: POOL_WAIT_MS,
}

export interface MongoStoreDeps {
  readonly logger: EngineLogger
  readonly appName: string
}

/** MongoDB, or what speaks its protocol: nothing here begins a transaction (FerretDB would not undo it). */
export function openMongoStore(address: MongoAddress, deps: MongoStoreDeps): Store {
  const client = createClient(address, deps.appName)
  logReachability(client, deps.logger)
  const database = client.db(address.database)
  const calls = createServerCalls(() => client.connect())
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    calls.close()
    closing ??= client.close()
    return closing
  }
  return {
    engine: 'mongodb',
    ensure: (definitions) => ensureCollections(database, calls, definitions),
    collection(definition) {
      checkDefinition(definition)
      return createMongoCollection(database.collection<StoredDocument>(definition.name), definition, calls)
    },
    async ping(timeoutMs) {
      await calls.call(timeoutMs, (options) => database.command({ ping: 1, ...options }))
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function createClient(address: MongoAddress, appName: string): MongoClient {
  try {
    return new MongoClient(address.url, { ...OPTIONS, appName })
  } catch (thrown) {
    throw invalidStoreUrl('the driver does not understand it', thrown)
  }
}

/** Once when a server goes and once when it is back, not with every heartbeat. */
function logReachability(client: MongoClient, logger: EngineLogger): void {
  const unreachable = new Set<string>()
  client.on('serverHeartbeatFailed', ({ connectionId, failure }) => {
    if (!unreachable.has(connectionId))
      logger.warn({ server: connectionId, err: failure }, 'MongoDB became unreachable')
    unreachable.add(connectionId)
  })
  client.on('serverHeartbeatSucceeded', ({ connectionId }) => {
    if (unreachable.delete(connectionId)) logger.info({ server: connectionId }, 'MongoDB was reached again')
  })
}
