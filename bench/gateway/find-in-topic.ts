import { Kafka, logLevel } from 'kafkajs'

/** How many of the ids have no record in the topic, reading it from its beginning to where it ends now. */
export async function missingInTopic(brokers: string[], topic: string, ids: ReadonlySet<string>): Promise<number> {
  const kafka = new Kafka({ clientId: 'bench-count', brokers, logLevel: logLevel.ERROR })
  const admin = kafka.admin()
  await admin.connect()
  const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, BigInt(high)]))
  for (const [partition, end] of ends) if (end === 0n) ends.delete(partition)
  const missing = new Set(ids)
  const groupId = `bench-count-${process.pid}-${Date.now()}`
  const consumer = kafka.consumer({ groupId, maxBytesPerPartition: 4 * 1024 * 1024 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the topic could not be read to its end in time')), 120_000)
    const finish = () => {
      clearTimeout(timer)
      resolve()
    }
    if (ends.size === 0) return finish()
    void consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { headers } of batch.messages) missing.delete(String(headers?.ce_id))
        const end = ends.get(batch.partition)
        if (end !== undefined && BigInt(batch.lastOffset()) + 1n >= end) ends.delete(batch.partition)
        if (ends.size === 0) finish()
      },
    })
  })
  await consumer.disconnect()
  await admin.deleteGroups([groupId])
  await admin.disconnect()
  return missing.size
}
