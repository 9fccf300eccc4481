import { checkDocuments, checkKeys, checkRevs, roughSize } from './call-limits.ts'
import type {
  Collection,
  CollectionDefinition,
  InsertResult,
  ReplaceResult,
  Store,
  StoreDocument,
} from './collection.ts'
import { createGathering } from './gathering.ts'

/** A call for more than this is a batch already and goes by itself. */
const ITEMS_MAX = 20
/** Characters of a document: a large one goes by itself, too. */
const SIZE_MAX = 20_000

/**
 * A store for many callers that each read and write a row or two at a time: what they ask of a collection while
 * earlier rounds are under way goes to the engine in one call. Every call keeps its meaning: its documents stand or
 * fall by themselves, and two writes of one key are never in one round. All else is the inner store's.
 */
export function gatherCalls(store: Store): Store {
  return { ...store, collection: (definition) => gathered(store.collection(definition), definition) }
}

function gathered<T extends StoreDocument>(inner: Collection<T>, definition: CollectionDefinition<T>): Collection<T> {
  const declared: CollectionDefinition<never> = definition
  const keyOf = ({ _id }: { readonly _id: string }): string => _id
  const read = createGathering<string, ReadonlyMap<string, T>>({
    keyOf: (id) => id,
    mayRepeat: true,
    call: async (ids) => new Map((await inner.getMany(ids)).map((row) => [row._id, row])),
  })
  const insert = createGathering<Omit<T, 'rev'>, InsertResult>({ keyOf, mayRepeat: false, call: inner.insertMany })
  const replace = createGathering<T, ReplaceResult>({ keyOf, mayRepeat: false, call: inner.replaceMany })
  return {
    ...inner,
    async getMany(ids) {
      if (ids.length === 0 || ids.length > ITEMS_MAX) return inner.getMany(ids)
      checkKeys(ids)
      const rows = await read(ids)
      return [...new Set(ids)].flatMap((id) => rows.get(id) ?? [])
    },
    async insertMany(documents) {
      if (!areSmall(documents)) return inner.insertMany(documents)
      checkDocuments(declared, documents)
      const { existing } = await insert(documents)
      return { existing: documents.map(keyOf).filter((id) => existing.includes(id)) }
    },
    async replaceMany(documents) {
      if (!areSmall(documents)) return inner.replaceMany(documents)
      checkDocuments(declared, documents)
      checkRevs(documents)
      const { lost } = await replace(documents)
      return { lost: documents.map(keyOf).filter((id) => lost.includes(id)) }
    },
  }
}

function areSmall(documents: readonly object[]): boolean {
  if (documents.length === 0 || documents.length > ITEMS_MAX) return false
  return documents.every((document) => roughSize(document) <= SIZE_MAX)
}
