import { hash } from 'node:crypto'
import { CONTACTS, CONVERSATIONS, MESSAGES } from '@pagesync/shared/store/repositories/rows.ts'
import { MongoClient } from 'mongodb'

const SYNCED = [CONVERSATIONS, MESSAGES, CONTACTS] as const

/** What is ours in a document and differs from run to run: numbers, versions, times of our own, times of knowledge. */
const OURS = new Set([
  'id',
  'rev',
  'written_by',
  '_write',
  'created_ms',
  'last_synced_ms',
  'stamp',
  'name_stamp',
  'unread_stamp',
  'unread_pull_stamp',
  'message_count_pull_stamp',
  'state_stamp',
])
/** A message's `created_ms` is Facebook's. */
const FACEBOOKS = new Set([`${MESSAGES.name}.created_ms`])

/**
 * One hash for each document, of what Facebook told.
 *
 * @param facebookUrl where this bed's simulated Facebook stood: it is in the links of attachments
 */
export async function fingerprints(storeUrl: string, facebookUrl: string): Promise<ReadonlyMap<string, string>> {
  const client = await new MongoClient(storeUrl).connect()
  try {
    const found = new Map<string, string>()
    for (const { name } of SYNCED) {
      for await (const document of client.db().collection(name).find()) {
        const told = Object.entries(document).filter(([field]) => !OURS.has(field) || FACEBOOKS.has(`${name}.${field}`))
        found.set(
          `${name}/${document._id}`,
          hash(
            'sha256',
            JSON.stringify(
              told.toSorted(([a], [b]) => a.localeCompare(b)),
              withoutStamps,
            ).replaceAll(facebookUrl, ''),
          ),
        )
      }
    }
    return found
  } finally {
    await client.close()
  }
}

/** Times of knowledge stand in nested values as well. */
function withoutStamps(name: string, value: unknown): unknown {
  return name === 'stamp' ? undefined : value
}

export function sameDocuments(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}

/** The peer: the driver's bare `insertMany` of the same documents into empty collections with the same indexes. Answers documents a second. */
export async function measureInsertMany(
  storeUrl: string,
): Promise<{ readonly perSecond: number; readonly documents: number }> {
  const client = await new MongoClient(storeUrl).connect()
  const target = client.db(`${new URL(storeUrl).pathname.slice(1)}_bare`)
  try {
    let seconds = 0
    let documents = 0
    for (const { name } of SYNCED) {
      const source = client.db().collection(name)
      const rows = await source.find().toArray()
      const indexes = (await source.indexes())
        .filter(({ name: index }) => index !== '_id_')
        .map(({ key, name: index }) => ({ key, name: index as string }))
      await target.createCollection(name)
      if (indexes.length > 0) await target.collection(name).createIndexes(indexes)
      const began = performance.now()
      for (let i = 0; i < rows.length; i += 1000)
        await target.collection(name).insertMany(rows.slice(i, i + 1000), { ordered: false })
      seconds += (performance.now() - began) / 1000
      documents += rows.length
    }
    return { perSecond: documents / seconds, documents }
  } finally {
    await target.dropDatabase()
    await client.close()
  }
}
