import type { LogRecord, StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { mergeMessage } from '@pagesync/shared/model/merge-message.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { MESSAGES, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { decodePageEvent } from '@pagesync/sync-worker/consume/decode-page-event.ts'
import { effectOf } from '@pagesync/sync-worker/events/event-effect.ts'
import { MongoClient } from 'mongodb'

const BATCH = 1_000

/** The peer: the driver's bare `insertMany` of the very rows that the worker makes of these records, same indexes. Answers rows a second. */
export async function measureInsertMany(
  storeUrl: string,
  records: readonly LogRecord[],
  pages: ReadonlyMap<string, PageRow>,
): Promise<number> {
  const rows = records.map((record, i) => rowOf(record, i, pages))
  await using store = await openStore(storeUrl, {})
  await store.ensure([MESSAGES as never])
  const client = await new MongoClient(storeUrl).connect()
  try {
    const collection = client.db().collection<(typeof rows)[number]>(MESSAGES.name)
    const began = performance.now()
    for (let i = 0; i < rows.length; i += BATCH)
      await collection.insertMany(rows.slice(i, i + BATCH), {
        ordered: false,
        writeConcern: { w: 'majority', journal: true },
      })
    const seconds = (performance.now() - began) / 1000
    await client.db().dropDatabase()
    return rows.length / seconds
  } finally {
    await client.close()
  }
}

function rowOf(record: LogRecord, i: number, pages: ReadonlyMap<string, PageRow>) {
  const stored = {
    ...record,
    value: Buffer.from(record.value),
    topic: 'bench',
    partition: 0,
    offset: i,
    timestampMs: 0,
  } satisfies StoredRecord
  const decoded = decodePageEvent(stored)
  if (!('event' in decoded)) throw new Error(decoded.reason)
  const page = pages.get(decoded.event.facebook_page_id)
  if (!page) throw new Error('the page is not connected')
  const { message } = effectOf({ event: decoded.event, page, position: { partition: 0, offset: i } })
  if (!message) throw new Error('the event is no message')
  return { ...mergeMessage(null, message.knowledge, message.identity), id: i + 1, rev: 1 }
}
