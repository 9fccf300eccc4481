import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../errors/app-error.ts'

const SCHEMA_VERSION = 1

const SCHEMA = `
  CREATE TABLE topics (
    name TEXT PRIMARY KEY,
    retention_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE partitions (
    id INTEGER PRIMARY KEY,
    topic TEXT NOT NULL REFERENCES topics (name),
    partition INTEGER NOT NULL,
    next_offset INTEGER NOT NULL DEFAULT 0, -- kept apart from the records, because retention removes those
    UNIQUE (topic, partition)
  ) STRICT;
  CREATE TABLE records (
    partition_id INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    timestamp_ms INTEGER NOT NULL,
    key TEXT NOT NULL,
    value BLOB NOT NULL,
    headers TEXT NOT NULL -- a JSON object
  ) STRICT;
  CREATE UNIQUE INDEX records_in_order ON records (partition_id, "offset");
  CREATE TABLE group_offsets (
    group_name TEXT NOT NULL,
    partition_id INTEGER NOT NULL,
    next_offset INTEGER NOT NULL,
    PRIMARY KEY (group_name, partition_id)
  ) STRICT, WITHOUT ROWID;
`

/** SQLite's primary result codes (sqlite.org/rescode.html). */
const BUSY = 5
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26

/**
 * Opens `<directory>/event-log.sqlite` for this process alone. The lock is the operating system's and ends with the
 * process, however it ends; a second process, or a second open, is refused with ENGINE_UNSUITABLE.
 */
export function openEmbeddedDatabase(directory: string): DatabaseSync {
  const file = join(resolve(directory), 'event-log.sqlite')
  let database: DatabaseSync | undefined
  try {
    mkdirSync(directory, { recursive: true })
    database = new DatabaseSync(file)
    // The locking mode first: in WAL mode it must be known before the file is read. FULL: a commit is on the disk.
    // Small checkpoints, since the event loop stands still during one.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    database.exec('PRAGMA wal_autocheckpoint = 500; PRAGMA cache_size = -16000')
    database.exec('BEGIN EXCLUSIVE')
    createSchema(database, file)
    database.exec('COMMIT')
    return database
  } catch (error) {
    database?.close()
    throw notOpened(error, directory, file)
  }
}

function createSchema(database: DatabaseSync, file: string): void {
  const { user_version: version } = database.prepare('PRAGMA user_version').get() as { user_version: number }
  if (version === SCHEMA_VERSION) return
  if (version !== 0) {
    throw new AppError(
      'ENGINE_UNSUITABLE',
      `${file} was made by another version of Pagesync (its format is ${version})`,
    )
  }
  database.exec(SCHEMA)
  database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
}

function notOpened(thrown: unknown, directory: string, file: string): AppError {
  if (thrown instanceof AppError) return thrown
  const code = resultCode(thrown)
  const why =
    code === BUSY
      ? `The folder "${directory}" is in use by another process. The embedded event log is for one process only: ` +
        'stop the other one, or use Kafka (kafka://host:9092)'
      : code === CORRUPT || code === NOTADB
        ? `${file} is damaged or no event log`
        : `The event log's folder "${directory}" cannot be used (${detail(thrown)})`
  return new AppError('ENGINE_UNSUITABLE', why, { cause: thrown })
}

const detail = (thrown: unknown): string =>
  resultCode(thrown) === CANTOPEN ? 'the file cannot be opened' : ((thrown as NodeJS.ErrnoException).code ?? 'unknown')

function resultCode(thrown: unknown): number | undefined {
  const { errcode } = thrown as { errcode?: number }
  return errcode === undefined ? undefined : errcode & 0xff
}

/** What SQLite threw in an open log, as an AppError. */
export function fromSqlite(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  const code = resultCode(thrown)
  if (code === undefined) return new AppError('INTERNAL', 'The event log failed unexpectedly', { cause: thrown })
  const why = code === FULL ? "The event log's disk is full" : "The event log's file cannot be read or written"
  return new AppError('EVENT_LOG_UNAVAILABLE', why, { cause: thrown })
}
