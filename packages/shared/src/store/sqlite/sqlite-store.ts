import { AppError } from '../../errors/app-error.ts'
import { within } from '../../event-log/within.ts'
import type { Store } from '../collection.ts'
import { createSqliteCollection } from './sqlite-collection.ts'
import { openSqliteEngine } from './sqlite-engine.ts'
import { checkTable, ensureTable } from './table.ts'

/**
 * The store inside this process: `<directory>/store.sqlite`. For one process: a second one is refused with
 * ENGINE_UNSUITABLE for as long as the first lives.
 */
export function openSqliteStore(directory: string): Store {
  const engine = openSqliteEngine(directory)
  return {
    engine: 'embedded',
    ensure: (definitions) =>
      engine.call(async () => {
        for (const definition of definitions) checkTable(definition)
        for (const definition of definitions) await engine.turns.run(() => ensureTable(engine.database, definition))
      }),
    collection(definition) {
      checkTable(definition)
      return createSqliteCollection(engine, definition)
    },
    ping: (timeoutMs) =>
      engine.call(async () => {
        const answer = engine.turns.run(() => engine.statement('SELECT 1').get())
        await within(answer, timeoutMs, () => late(timeoutMs))
      }),
    close: () => engine.close(),
    [Symbol.asyncDispose]: () => engine.close(),
  }
}

const late = (timeoutMs: number): AppError =>
  new AppError('STORE_UNAVAILABLE', `The embedded store did not answer within ${timeoutMs} ms`)
