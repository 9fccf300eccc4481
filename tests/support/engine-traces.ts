import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { MongoClient } from 'mongodb'

export interface EngineTraces extends AsyncDisposable {
  /** All topics since it was begun, each as one piece: keys, values and headers. */
  topics(): [name: string, bytes: Buffer][]
}

/** Reads along what is written to Kafka, for looking through it afterwards. */
export async function readAlong(kafkaUrl: string, partitions: number): Promise<EngineTraces> {
  const eventLog = await openEventLog(kafkaUrl, { clientId: 'reads-along' })
  await eventLog.ensureTopics(topicDefinitions(partitions))
  const read = new Map<string, Buffer[]>(Object.values(TOPICS).map((topic) => [topic, []]))
  for (const [topic, pieces] of read)
    await eventLog.tail({
      topic,
      from: 'now',
      handle: (records) => {
        for (const { key, value, headers } of records)
          pieces.push(Buffer.from(`\n${key} ${JSON.stringify(headers)} `), value)
      },
    })
  return {
    topics: () => [...read].map(([topic, pieces]) => [topic, Buffer.concat(pieces)]),
    [Symbol.asyncDispose]: () => eventLog.close(),
  }
}

/** Every document of every collection of a database, by collection. */
export async function readDatabase(mongodbUrl: string, database: string): Promise<[name: string, bytes: Buffer][]> {
  const client = new MongoClient(mongodbUrl)
  try {
    const db = client.db(database)
    const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name)
    return await Promise.all(
      names.map(async (name): Promise<[string, Buffer]> => {
        const documents = await db.collection(name).find().toArray()
        return [name, Buffer.from(documents.map((each) => JSON.stringify(each)).join('\n'))]
      }),
    )
  } finally {
    await client.close()
  }
}
