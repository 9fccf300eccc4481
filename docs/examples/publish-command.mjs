// Publishes a command on facebook.commands.v1, as any internal service may, and follows what becomes of it on
// facebook.changes.v1. Needs nothing of Pagesync but its topics:
//
//   npm install kafkajs
//   KAFKA_BROKERS=localhost:9092 TENANT_ID=t_… PAGE_ID=1 FACEBOOK_PAGE_ID=104857600000042 node publish-command.mjs \
//     page.sync_details '{"fields":["about"]}'
//
// For a command about a conversation set CONVERSATION_ID as well. Who may write to the topic is Kafka's ACLs' to say.
import { randomBytes, randomUUID } from 'node:crypto'
import { Kafka, logLevel, Partitioners } from 'kafkajs'

const COMMANDS = 'facebook.commands.v1'
const CHANGES = 'facebook.changes.v1'
const FINAL = new Set(['succeeded', 'partially_succeeded', 'failed', 'cancelled', 'expired', 'rejected'])
const WAIT_MS_MAX = 60_000

const { KAFKA_BROKERS, TENANT_ID, PAGE_ID, FACEBOOK_PAGE_ID, CONVERSATION_ID } = process.env
if (!KAFKA_BROKERS || !TENANT_ID || !PAGE_ID || !FACEBOOK_PAGE_ID)
  throw new Error('KAFKA_BROKERS, TENANT_ID, PAGE_ID and FACEBOOK_PAGE_ID are needed')
const [type = 'page.sync_details', args = '{}'] = process.argv.slice(2)

// An id of your own makes repeating harmless: the same tenant and id run once, however often they are published.
const command = {
  id: `orders-${randomUUID()}`,
  type,
  tenant_id: TENANT_ID,
  page_id: Number(PAGE_ID),
  ...(CONVERSATION_ID ? { conversation_id: Number(CONVERSATION_ID) } : {}),
  arguments: JSON.parse(args),
  requested_by: { kind: 'service', id: 'orders' },
  requested_at: new Date().toISOString(),
}

const kafka = new Kafka({ clientId: 'orders', brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.ERROR })
const admin = kafka.admin()
const consumer = kafka.consumer({ groupId: `orders-${randomUUID()}` })
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })

try {
  await Promise.all([admin.connect(), consumer.connect(), producer.connect()])
  // Where the changes end now: reading from there on, nothing of the command can be missed.
  const ends = await admin.fetchTopicOffsets(CHANGES)
  const ended = Promise.withResolvers()
  await consumer.subscribe({ topic: CHANGES, fromBeginning: false })
  await consumer.run({
    eachMessage: async ({ message }) => {
      const change = JSON.parse(message.value.toString())
      if (change.cause.command_id !== command.id) return
      console.log(JSON.stringify({ type: change.type, fields: change.fields }))
      const state = change.type.startsWith('command.') ? change.type.slice('command.'.length) : ''
      if (FINAL.has(state)) ended.resolve(state)
    },
  })
  for (const { partition, high } of ends) consumer.seek({ topic: CHANGES, partition, offset: high })

  await producer.send({
    topic: COMMANDS,
    acks: -1,
    messages: [
      {
        // The page's id at Facebook: its commands stay in order.
        key: FACEBOOK_PAGE_ID,
        value: JSON.stringify(command),
        headers: {
          ce_specversion: '1.0',
          ce_id: command.id,
          ce_type: command.type,
          ce_source: '/orders',
          ce_time: command.requested_at,
          ce_subject: FACEBOOK_PAGE_ID,
          'content-type': 'application/json',
          traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
        },
      },
    ],
  })

  const timer = setTimeout(() => ended.resolve('unknown'), WAIT_MS_MAX)
  const state = await ended.promise
  clearTimeout(timer)
  // A change is a wake-up, the ledger is the truth: GET /api/facebook/commands/<id> has the result.
  console.log(JSON.stringify({ command_id: command.id, state }))
  process.exitCode = state === 'succeeded' ? 0 : 1
} finally {
  await Promise.all([consumer.disconnect(), producer.disconnect(), admin.disconnect()])
}
