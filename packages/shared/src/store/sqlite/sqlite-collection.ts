import {
  checkDeltas,
  checkDocuments,
  checkKeys,
  checkRevs,
  checkSize,
  checkStorableId,
  misuse,
} from '../call-limits.ts'
import type { Collection, CollectionDefinition, StoreDocument } from '../collection.ts'
import { planFind, planGroups, planSelection } from '../index-plan.ts'
import { countEntries, countGroups, findDocuments } from './read-index.ts'
import type { SqliteEngine } from './sqlite-engine.ts'

export function createSqliteCollection<T extends StoreDocument>(
  engine: SqliteEngine,
  definition: CollectionDefinition<T>,
): Collection<T> {
  const declared: CollectionDefinition<never> = definition
  const table = definition.name
  const sql = {
    get: `SELECT doc FROM "${table}" WHERE _id = ?`,
    insert: `INSERT INTO "${table}" (_id, rev, doc) VALUES (?, 1, ?) ON CONFLICT (_id) DO NOTHING`,
    replace: `UPDATE "${table}" SET rev = rev + 1, doc = ? WHERE _id = ? AND rev = ?`,
    upsert: `INSERT INTO "${table}" (_id, rev, doc) VALUES (?, ?, ?)
      ON CONFLICT (_id) DO UPDATE SET rev = excluded.rev, doc = excluded.doc`,
    remove: `DELETE FROM "${table}" WHERE _id = ?`,
  }

  /** Writes row by row; answers for each whether it was written. */
  const writeEach = async <Row>(rows: readonly Row[], write: (row: Row) => boolean): Promise<boolean[]> => {
    const written: boolean[] = []
    await engine.commits.submit(rows.length, (i) => {
      written[i] = write(rows[i] as Row)
    })
    return written
  }

  return {
    getMany: (ids) =>
      engine.call(async () => {
        checkKeys(ids)
        const keys = [...new Set(ids)]
        const found: T[] = []
        let next = 0
        const readSome = (untilMs: number): boolean => {
          do {
            const row = next < keys.length && engine.statement(sql.get).get(keys[next++] as string)
            if (row) found.push(JSON.parse(String(row.doc)) as T)
          } while (next < keys.length && performance.now() < untilMs)
          return next < keys.length
        }
        while (await engine.turns.run(readSome));
        return found
      }),
    insertMany: (documents) =>
      engine.call(async () => {
        checkDocuments(declared, documents)
        const rows = documents as readonly unknown[] as readonly StoreDocument[]
        const written = await writeEach(
          rows,
          (row) => engine.statement(sql.insert).run(row._id, toJson(row, 1)).changes === 1,
        )
        return { existing: rows.filter((_, i) => !written[i]).map((row) => row._id) }
      }),
    replaceMany: (documents) =>
      engine.call(async () => {
        checkDocuments(declared, documents)
        checkRevs(documents)
        const written = await writeEach(
          documents,
          (row) => engine.statement(sql.replace).run(toJson(row, row.rev + 1), row._id, row.rev).changes === 1,
        )
        return { lost: documents.filter((_, i) => !written[i]).map((row) => row._id) }
      }),
    increment: (id, deltas) =>
      engine.call(async () => {
        checkStorableId(id)
        checkDeltas(deltas)
        let after: Incremented | undefined
        await engine.commits.submit(1, () => {
          const stored = engine.statement(sql.get).get(id)
          after = incremented(stored ? JSON.parse(String(stored.doc)) : { _id: id, rev: 0 }, deltas)
          engine.statement(sql.upsert).run(id, after.rev, JSON.stringify(after))
        })
        return after as unknown as T
      }),
    find: (query) => engine.call(async () => findDocuments<T>(engine, table, planFind(declared, query))),
    count: (selection) => engine.call(async () => countEntries(engine, table, planSelection(declared, selection))),
    groupCount: (selection) => engine.call(async () => countGroups(engine, table, planGroups(declared, selection))),
    deleteMany: (ids) =>
      engine.call(async () => {
        checkKeys(ids)
        const written = await writeEach([...new Set(ids)], (id) => engine.statement(sql.remove).run(id).changes === 1)
        return written.filter(Boolean).length
      }),
  }
}

/** Written as text only when its turn comes: thousands of them at once would hold up the event loop. */
function toJson(document: StoreDocument, rev: number): string {
  const json = JSON.stringify({ ...document, rev })
  checkSize(json.length, () => json)
  return json
}

type Incremented = StoreDocument & Record<string, unknown>

function incremented(document: Incremented, deltas: Readonly<Record<string, number>>): Incremented {
  const after: Record<string, unknown> & StoreDocument = { ...document, rev: document.rev + 1 }
  for (const [field, delta] of Object.entries(deltas)) {
    const value = after[field] ?? 0
    if (typeof value !== 'number' || after[field] === null) throw misuse(`${field} holds no number to add to`)
    after[field] = value + delta
  }
  return after
}
