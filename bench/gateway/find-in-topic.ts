import { Kafka, logLevel } from 'kafkajs'

const READ_MS_MAX = 120_000

/** The end of each partition of the topic, now. */
export async function topicEnds(brokers: string[], topic: string): Promise<Map<number, bigint>> {
  const admin = client(brokers).admin()
  await admin.connect()
  const offsets = await admin.fetchTopicOffsets(topic)
  await admin.disconnect()
  return new Map(offsets.map(({ partition, high }) => [partition, BigInt(high)]))
}

/** How many of the ids have no record in the topic between `from` and where it ends now. */
export async function missingInTopic(
  brokers: string[],
  topic: string,
  from: ReadonlyMap<number, bigint>,
  ids: ReadonlySet<string>,
): Promise<number> {
  const missing = new Set(ids)
  const unread = await topicEnds(brokers, topic)
  for (const [partition, end] of unread) if (end === from.get(partition)) unread.delete(partition)
  const groupId = `bench-count-${process.pid}-${Date.now()}`
  const consumer = client(brokers).consumer({ groupId, maxBytesPerPartition: 4 * 1024 * 1024 })
  await consumer.connect()
  await consumer.subscribe({ topic })
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the topic could not be read to its end in time')), READ_MS_MAX)
    const finish = () => {
      clearTimeout(timer)
      resolve()
    }
    if (unread.size === 0) return finish()
    void consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { headers } of batch.messages) missing.delete(String(headers?.ce_id))
        const end = unread.get(batch.partition)
        if (end !== undefined && BigInt(batch.lastOffset()) + 1n >= end) unread.delete(batch.partition)
        if (unread.size === 0) finish()
      },
    })
    for (const [partition, offset] of from) consumer.seek({ topic, partition, offset: String(offset) })
  })
  await consumer.disconnect()
  const admin = client(brokers).admin()
  await admin.connect()
  await admin.deleteGroups([groupId])
  await admin.disconnect()
  return missing.size
}

const client = (brokers: string[]) => new Kafka({ clientId: 'bench', brokers, logLevel: logLevel.NOTHING })
