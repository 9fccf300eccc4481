import { type Collection as MongoDriverCollection, MongoServerError, type UpdateFilter } from 'mongodb'
import {
  checkDeltas,
  checkDocuments,
  checkKeys,
  checkRevs,
  checkStorableId,
  GROUPS_MAX,
  misuse,
  roughSize,
} from '../call-limits.ts'
import type { Collection, CollectionDefinition, Scalar, StoreDocument } from '../collection.ts'
import { inChunks } from '../in-chunks.ts'
import { planFind, planGroups, planSelection } from '../index-plan.ts'
import { indexName } from './index-names.ts'
import { findFilter, findSort, selectionFilter } from './query-filter.ts'
import { CALL_MS, type ServerCalls, WALK_MS } from './server-calls.ts'
import { fromStored, type StoredDocument } from './stored-form.ts'
import { DUPLICATE_KEY } from './translate-mongo-error.ts'
import { deleteBatches, insertBatches, replaceBatches } from './write-batches.ts'

const READ_BATCH = { items: 1_000, size: 1_000_000, concurrent: 2 }
const INSERT_TRIES_MAX = 8

export function createMongoCollection<T extends StoreDocument>(
  target: MongoDriverCollection<StoredDocument>,
  definition: CollectionDefinition<T>,
  calls: ServerCalls,
): Collection<T> {
  const declared: CollectionDefinition<never> = definition
  return {
    async getMany(ids) {
      checkKeys(ids)
      const rows = await inChunks([...new Set(ids)], READ_BATCH, roughSize, (keys) =>
        calls.call(CALL_MS, (options) =>
          target.find({ _id: { $in: [...keys] } }, { ...options, batchSize: keys.length + 1 }).toArray(),
        ),
      )
      return rows.flat().map((row) => fromStored<T>(row))
    },
    async insertMany(documents) {
      checkDocuments(declared, documents)
      const existing = await insertBatches(target, calls, documents as readonly unknown[] as readonly StoreDocument[])
      return { existing }
    },
    async replaceMany(documents) {
      checkDocuments(declared, documents)
      checkRevs(documents)
      const lost = await replaceBatches(target, calls, documents)
      return { lost }
    },
    async increment(id, deltas) {
      checkStorableId(id)
      checkDeltas(deltas)
      const row = await calls.call(CALL_MS, (options) => addOrInsert(target, id, deltas, options))
      return fromStored<T>(row)
    },
    async find(query) {
      const plan = planFind(declared, query)
      const rows = await calls.call(CALL_MS, (options) =>
        target
          .find(findFilter(plan), { ...options, hint: indexName(plan.fields), limit: plan.limit })
          .sort(findSort(plan))
          .batchSize(plan.limit + 1)
          .toArray(),
      )
      return rows.map((row) => fromStored<T>(row))
    },
    async count(selection) {
      const plan = planSelection(declared, selection)
      return calls.call(WALK_MS, (options) =>
        target.countDocuments(selectionFilter(plan), { ...options, hint: indexName(plan.fields) }),
      )
    },
    async groupCount(selection) {
      const plan = planGroups(declared, selection)
      const groups = await calls.call(WALK_MS, (options) =>
        target
          .aggregate<{ _id: Scalar; n: number }>(
            [
              { $match: selectionFilter(plan) },
              { $group: { _id: `$${plan.open[0]}`, n: { $sum: 1 } } },
              { $limit: GROUPS_MAX + 1 },
            ],
            { ...options, hint: indexName(plan.fields), batchSize: GROUPS_MAX + 2 },
          )
          .toArray(),
      )
      if (groups.length > GROUPS_MAX) throw misuse(`${definition.name}.${selection.index} has too many groups`)
      return new Map(groups.map((group) => [group._id ?? null, group.n]))
    },
    async deleteMany(ids) {
      checkKeys(ids)
      return deleteBatches(target, calls, ids)
    },
  }
}

/**
 * Made first, then updated: never an upsert. FerretDB answers a document that is not the stored one to those who lose
 * an upsert's race (seen: four callers were all told the first sum).
 */
async function addOrInsert(
  target: MongoDriverCollection<StoredDocument>,
  id: string,
  deltas: Readonly<Record<string, number>>,
  options: { maxTimeMS: number },
): Promise<StoredDocument> {
  const update = { $inc: { ...deltas, rev: 1 } as Record<string, number> } as UpdateFilter<StoredDocument>
  for (let attempt = 1; ; attempt++) {
    const updated = await target.findOneAndUpdate({ _id: id }, update, { ...options, returnDocument: 'after' })
    if (updated) return updated
    try {
      const first: StoredDocument = { ...deltas, _id: id, rev: 1 }
      await target.insertOne(first, options)
      return first
    } catch (thrown) {
      // Somebody made it in between. Only one who deletes it each time could keep us here.
      if (!isDuplicateKey(thrown) || attempt === INSERT_TRIES_MAX) throw thrown
    }
  }
}

const isDuplicateKey = (thrown: unknown): boolean => thrown instanceof MongoServerError && thrown.code === DUPLICATE_KEY
