import { KEYS_MAX } from './call-limits.ts'
import type { Collection, StoreDocument } from './collection.ts'

/** Documents by any number of keys, as many at a time as one call takes. In any order, missing ones left out. */
export async function getAll<T extends StoreDocument>(
  collection: Pick<Collection<T>, 'getMany'>,
  ids: readonly string[],
): Promise<T[]> {
  const found: T[] = []
  for (let i = 0; i < ids.length; i += KEYS_MAX) found.push(...(await collection.getMany(ids.slice(i, i + KEYS_MAX))))
  return found
}
