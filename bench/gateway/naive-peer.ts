import { createHmac, timingSafeEqual } from 'node:crypto'
import Fastify from 'fastify'
import { Kafka, logLevel } from 'kafkajs'

/** Peer (b): what one writes first. It verifies the signature and sends one record for each webhook, acks of all. */
const { PORT, KAFKA_BROKERS, TOPIC, FB_APP_SECRET } = process.env as Record<string, string>
const kafka = new Kafka({ clientId: 'naive', brokers: KAFKA_BROKERS!.split(','), logLevel: logLevel.ERROR })
const producer = kafka.producer({ allowAutoTopicCreation: false })
await producer.connect()

const app = Fastify({ bodyLimit: 2 * 1024 * 1024 })
app.removeAllContentTypeParsers()
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
app.post('/api/facebook/webhook', async (request, reply) => {
  const body = request.body as Buffer
  const expected = Buffer.from(`sha256=${createHmac('sha256', FB_APP_SECRET!).update(body).digest('hex')}`)
  const given = Buffer.from(String(request.headers['x-hub-signature-256']))
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return reply.code(401).send()
  const [entry] = JSON.parse(body.toString()).entry
  await producer.send({
    topic: TOPIC!,
    acks: -1,
    messages: [{ key: `${entry.id}:${entry.messaging[0].sender.id}`, value: body }],
  })
  return 'EVENT_RECEIVED'
})
app.get('/livez', async () => ({ status: 'alive' }))
await app.listen({ port: Number(PORT), host: '127.0.0.1' })
process.on('SIGTERM', () => void Promise.all([app.close(), producer.disconnect()]).then(() => process.exit(0)))
