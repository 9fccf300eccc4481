import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { AppError } from '../../errors/app-error.ts'
import { createGroupCommit, type GroupCommit } from './group-commit.ts'
import { translateSqliteError } from './sqlite-errors.ts'
import { createTurns, type Turns } from './turns.ts'

export interface SqliteEngine {
  readonly database: DatabaseSync
  readonly turns: Turns
  readonly commits: GroupCommit
  /** Prepared once. */
  statement(sql: string): StatementSync
  /** Every call from outside goes through here: refused when closed, translated when it fails. */
  call<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** Raised with every change of the tables that older code could not read. */
const FORMAT = 1
const STATEMENTS_MAX = 500

export function openSqliteEngine(directory: string): SqliteEngine {
  const database = openDatabase(directory)
  const turns = createTurns()
  const statements = new Map<string, StatementSync>()
  const statement = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known) return known
    if (statements.size >= STATEMENTS_MAX) statements.clear()
    const prepared = database.prepare(sql)
    statements.set(sql, prepared)
    return prepared
  }
  const commits = createGroupCommit(
    {
      begin: () => statement('BEGIN IMMEDIATE').run(),
      commit: () => statement('COMMIT').run(),
      rollback: () => database.isTransaction && database.exec('ROLLBACK'),
    },
    turns,
  )
  let closing: Promise<void> | undefined
  const closeNow = async (): Promise<void> => {
    await commits.idle()
    await turns.close()
    statements.clear()
    database.close()
  }
  return {
    database,
    turns,
    commits,
    statement,
    async call(work) {
      if (closing) throw new AppError('STORE_UNAVAILABLE', 'The store is closed')
      try {
        return await work()
      } catch (thrown) {
        throw translateSqliteError(thrown, directory)
      }
    },
    close() {
      closing ??= closeNow()
      return closing
    },
  }
}

function openDatabase(directory: string): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    // Messages of people and sealed tokens lie here: for our own user only.
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    database = new DatabaseSync(path.join(directory, 'store.sqlite'))
    // EXCLUSIVE before WAL: no shared memory, and the lock that is taken here is kept until the process ends, however.
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    database.exec('PRAGMA journal_mode = WAL')
    database.exec('BEGIN EXCLUSIVE; COMMIT')
    database.exec('PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -32000')
    checkFormat(database, directory)
    return database
  } catch (thrown) {
    database?.close()
    throw isFileSystemError(thrown) ? notAFolder(directory, thrown) : translateSqliteError(thrown, directory)
  }
}

function checkFormat(database: DatabaseSync, directory: string): void {
  const format = Number(database.prepare('PRAGMA user_version').get()?.user_version)
  if (format > FORMAT) {
    throw new AppError('ENGINE_UNSUITABLE', `The embedded store in ${directory} was written by a newer version of us`)
  }
  if (format < FORMAT) database.exec(`PRAGMA user_version = ${FORMAT}`)
}

const isFileSystemError = (thrown: unknown): boolean => thrown instanceof Error && 'syscall' in thrown

const notAFolder = (directory: string, cause: unknown): AppError =>
  new AppError('ENGINE_UNSUITABLE', `The folder ${directory} of the embedded store cannot be made`, { cause })
