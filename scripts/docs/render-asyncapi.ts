import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { CHANNEL_MESSAGES, MESSAGES, SCHEMAS } from './asyncapi-messages.ts'

type TopicKey = keyof typeof TOPICS

const VERSION = '0.1.0'

const DESCRIPTION = `The Kafka topics of Pagesync. Internal services write commands and read changes here directly.

Values are JSON, the envelope is CloudEvents 1.0 in Kafka's binary mode (headers \`ce_…\`). Every record may come more than
once, with the same \`ce_id\`. Records of one key stay in order. Readers ignore members that they do not know.

Who may write to a topic is decided by Kafka's access control alone: see SECURITY.md.`

const ABOUT: Readonly<Record<TopicKey, { readonly title: string; readonly description: string }>> = {
  pageEvents: {
    title: 'Page events',
    description:
      'What Facebook told us: one record for each item of a webhook. Written by the webhook gateway, read by the ' +
      'worker. `raw` is the item, unchanged.',
  },
  commands: {
    title: 'Commands',
    description:
      'What we are asked to do. Written by the API and by internal services, read by the worker, which checks each ' +
      'one again and refuses the types that it does not run (`command.rejected` on the changes topic). The same ' +
      'tenant and id, or the same tenant and idempotency key, twice runs once.',
  },
  changes: {
    title: 'Changes',
    description:
      'What became different here. Written by the worker, and by the API where a person changes something, only when something changed; read by the API and by ' +
      'internal services. A change is a wake-up: the truth is what the API answers.',
  },
  deadLetters: {
    title: 'Dead letters',
    description:
      'What was given up on: a reference, the payload is in the store. Written by the gateway and the worker.',
  },
}

const OPERATIONS: Readonly<Record<string, readonly [action: 'send' | 'receive', topic: TopicKey, summary: string]>> = {
  publishPageEvents: ['send', 'pageEvents', 'The gateway publishes what Facebook told it'],
  consumePageEvents: ['receive', 'pageEvents', 'The worker merges it into the store'],
  publishCommands: ['send', 'commands', 'The API publishes what callers ask for'],
  consumeCommands: ['receive', 'commands', 'The worker takes commands into its ledger'],
  publishChanges: ['send', 'changes', 'The worker, and the API for what people change here, announce what changed'],
  tailChanges: ['receive', 'changes', 'The API wakes the callers that wait'],
  publishDeadLetters: ['send', 'deadLetters', 'The gateway and the worker announce what they gave up on'],
}

/** The AsyncAPI 3 document of the topics, made from the schemas that the services check records with. */
export function renderAsyncApi(): string {
  const keys = Object.keys(TOPICS) as TopicKey[]
  const document = {
    asyncapi: '3.0.0',
    info: { title: 'Pagesync topics', version: VERSION, description: DESCRIPTION, license: { name: 'MIT' } },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(keys.map((key) => [key, channel(key)])),
    operations: Object.fromEntries(Object.entries(OPERATIONS).map(([name, operation]) => [name, shown(operation)])),
    components: { messages: MESSAGES, schemas: SCHEMAS },
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

function channel(key: TopicKey): object {
  const { retentionMs } = topicDefinitions(1).find(({ name }) => name === TOPICS[key])!
  const messages = CHANNEL_MESSAGES[key].map((name) => [name, { $ref: `#/components/messages/${name}` }])
  return {
    address: TOPICS[key],
    ...ABOUT[key],
    messages: Object.fromEntries(messages),
    bindings: { kafka: { topicConfiguration: { 'retention.ms': retentionMs }, bindingVersion: '0.5.0' } },
  }
}

function shown([action, topic, summary]: (typeof OPERATIONS)[string]): object {
  return { action, channel: { $ref: `#/channels/${topic}` }, summary }
}
