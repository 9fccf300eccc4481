import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { Kafka, logLevel } from 'kafkajs'

export interface RoundTrips extends AsyncDisposable {
  /** One record out and back, in milliseconds. */
  measure(): Promise<number>
}

/** The bare way of a record through the same broker: produced with all acknowledgements, read by one consumer. */
export async function openRoundTrips(brokers: string[]): Promise<RoundTrips> {
  const kafka = new Kafka({ clientId: 'bench-round-trip', brokers, logLevel: logLevel.NOTHING })
  const topic = `bench-round-trip-${randomBytes(6).toString('hex')}`
  const admin = kafka.admin()
  await admin.connect()
  await admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor: 1 }], waitForLeaders: true })
  const producer = kafka.producer()
  const consumer = kafka.consumer({ groupId: topic })
  await Promise.all([producer.connect(), consumer.connect()])
  await consumer.subscribe({ topic, fromBeginning: true })
  const arrivals = new EventTarget()
  await consumer.run({
    eachMessage: async ({ message }) => void arrivals.dispatchEvent(new Event(String(message.key))),
  })
  let sent = 0
  const measure = async (): Promise<number> => {
    const key = String(sent++)
    const arrived = once(arrivals, key)
    const began = performance.now()
    await producer.send({ topic, acks: -1, messages: [{ key, value: 'x'.repeat(300) }] })
    await arrived
    return performance.now() - began
  }
  // The first waits for the consumer's group to form.
  await measure()
  return {
    measure,
    async [Symbol.asyncDispose]() {
      await Promise.all([consumer.disconnect(), producer.disconnect()])
      await admin.deleteTopics({ topics: [topic] })
      await admin.disconnect()
    },
  }
}
