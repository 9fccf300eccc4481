import { setTimeout as delay } from 'node:timers/promises'
import { type Db, MongoServerError } from 'mongodb'
import { backOffMs } from '../../lifecycle/back-off.ts'
import { checkDefinition } from '../call-limits.ts'
import type { CollectionDefinition } from '../collection.ts'
import { indexFields } from '../index-plan.ts'
import { indexName } from './index-names.ts'
import { BUILD_MS, type ServerCalls } from './server-calls.ts'

const NAMESPACE_EXISTS = 48
const TRIES_MAX = 8
const BACK_OFF = { baseMs: 50, maxMs: 1_000 }

/** Indexes that are no longer declared stay: another version of us may still be running. */
export async function ensureCollections(
  database: Db,
  calls: ServerCalls,
  definitions: readonly CollectionDefinition<never>[],
): Promise<void> {
  for (const definition of definitions) checkDefinition(definition)
  for (const definition of definitions) {
    await calls.call(BUILD_MS, (options) => untilNoRace(() => ensureCollection(database, definition, options)))
  }
}

async function ensureCollection(
  database: Db,
  definition: CollectionDefinition<never>,
  options: { maxTimeMS: number },
): Promise<void> {
  try {
    await database.createCollection(definition.name, options)
  } catch (thrown) {
    if (!(thrown instanceof MongoServerError) || thrown.code !== NAMESPACE_EXISTS) throw thrown
  }
  const indexes = new Map(
    Object.values(definition.indexes).map((declared) => {
      const fields = indexFields(declared)
      const name = indexName(fields)
      return [name, { name, key: new Map(fields.map((field) => [field, 1 as const])) }]
    }),
  )
  if (indexes.size > 0) await database.collection(definition.name).createIndexes([...indexes.values()], options)
}

/** Several services make the same at their start; FerretDB answers some of them with errors of PostgreSQL's catalog. */
async function untilNoRace(make: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await make()
    } catch (thrown) {
      if (!(thrown instanceof MongoServerError) || attempt === TRIES_MAX) throw thrown
      await delay(backOffMs(attempt, BACK_OFF))
    }
  }
}
