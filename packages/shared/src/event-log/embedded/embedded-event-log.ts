import { AppError } from '../../errors/app-error.ts'
import type { Clock } from '../../lifecycle/clock.ts'
import type { EngineLogger } from '../engine-logger.ts'
import type { EventLog } from '../event-log.ts'
import { measureRecords } from '../record-bytes.ts'
import { createConsumerGroups } from './consumer-groups.ts'
import { fromSqlite, openEmbeddedDatabase } from './embedded-database.ts'
import { openEmbeddedSubscription } from './embedded-subscription.ts'
import { openEmbeddedTail } from './embedded-tail.ts'
import { createGroupCommit } from './group-commit.ts'
import { createReadRecords } from './read-records.ts'
import { loadTopicCatalog } from './topic-catalog.ts'
import { trimExpired } from './trim-expired.ts'
import { createWakeUps } from './wake-ups.ts'

const PUBLISH_MS = 3500
const TRIM_EVERY_MS = 60_000

export interface EmbeddedEventLogDeps {
  readonly clock: Clock
  readonly logger: EngineLogger
  readonly trimEveryMs?: number
}

/**
 * The event log in one SQLite file, for one process: what `npm start` runs on, and the reference for the others. All
 * work is done on the event loop in small pieces; nothing is polled.
 */
export function openEmbeddedEventLog(directory: string, deps: EmbeddedEventLogDeps): EventLog {
  const { clock, logger, trimEveryMs = TRIM_EVERY_MS } = deps
  const database = openEmbeddedDatabase(directory)
  const catalog = loadTopicCatalog(database)
  const wakeUps = createWakeUps()
  const groups = createConsumerGroups()
  const readRecords = createReadRecords(database)
  const groupCommit = createGroupCommit({
    database,
    clock,
    onWritten: ({ name }, { partition }) => wakeUps.wake(name, partition),
  })
  const readers = new Set<{ close(): Promise<void> }>()
  const closing = new AbortController()
  let closed: Promise<void> | undefined

  const selectOffset = database.prepare(
    'SELECT next_offset FROM group_offsets WHERE group_name = ? AND partition_id = ?',
  )
  const committedOffset = (group: string, partitionId: number): number | undefined =>
    selectOffset.get(group, partitionId)?.next_offset as number | undefined

  const trimTimer = setInterval(() => {
    trimExpired(database, catalog, clock.now(), closing.signal).catch((error: unknown) => {
      logger.error({ err: error }, 'Expired records were not removed')
    })
  }, trimEveryMs)
  trimTimer.unref()

  /** Refuses when closed; throws only AppError. */
  function guarded<T>(act: () => T): T {
    if (closed) throw new AppError('EVENT_LOG_UNAVAILABLE', 'The event log is closed')
    try {
      return act()
    } catch (error) {
      throw fromSqlite(error)
    }
  }

  function reading<T extends AsyncDisposable & { close(): Promise<void> }>(reader: T): T {
    readers.add(reader)
    const close = async (): Promise<void> => {
      await reader.close()
      readers.delete(reader)
    }
    return { ...reader, close, [Symbol.asyncDispose]: close }
  }

  async function end(): Promise<void> {
    clearInterval(trimTimer)
    closing.abort()
    await Promise.all([...readers].map((reader) => reader.close()))
    await groupCommit.drained()
    database.close()
  }

  function close(): Promise<void> {
    closed ??= end()
    return closed
  }

  return {
    engine: 'embedded',
    async ensureTopics(definitions) {
      guarded(() => catalog.ensure(definitions))
    },
    async publish(name, records, options) {
      const topic = guarded(() => catalog.get(name))
      if (records.length === 0) return
      await groupCommit.publish(topic, records, measureRecords(records), options?.timeoutMs ?? PUBLISH_MS)
    },
    async subscribe(options) {
      return guarded(() => {
        const topic = catalog.get(options.topic)
        const { onWritten } = wakeUps
        const own = { topic, groups, groupCommit, readRecords, committedOffset, onWritten, clock, logger }
        return reading(openEmbeddedSubscription(options, own))
      })
    },
    async tail(options) {
      return guarded(() => {
        const topic = catalog.get(options.topic)
        return reading(openEmbeddedTail(options, { topic, readRecords, onWritten: wakeUps.onWritten, logger }))
      })
    },
    async ping() {
      guarded(() => database.prepare('SELECT 1').get())
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
