import { Change } from '@pagesync/shared/model/change.ts'
import { Command } from '@pagesync/shared/model/command.ts'
import { EventChannel, PAGE_EVENT_TYPES, pageEventSchema } from '@pagesync/shared/model/page-event.ts'
import { CLOUD_EVENT_HEADERS, headersOf } from './message-headers.ts'

/** What stands on the dead letter topic: the payload itself is in the store, under `id`. */
const DEAD_LETTER_REFERENCE = {
  type: 'object',
  properties: {
    id: { type: 'string', description: 'Of the row in the collection `dead_letters`.' },
    code: { type: 'string', description: 'One of the codes in errors.md.' },
    reason: { type: 'string', maxLength: 1000, description: 'For people; holds no payload.' },
    attempts: { type: 'integer', minimum: 1 },
    payload_bytes: { type: 'integer', minimum: 0 },
    origin: {
      oneOf: [
        {
          type: 'object',
          description: 'A record of a topic.',
          properties: {
            kind: { const: 'record' },
            topic: { type: 'string' },
            partition: { type: 'integer', minimum: 0 },
            offset: { type: 'integer', minimum: 0 },
          },
          required: ['kind', 'topic', 'partition', 'offset'],
        },
        {
          type: 'object',
          description: 'The body of a webhook that was never published.',
          properties: { kind: { const: 'notification' }, request_id: { type: 'string' } },
          required: ['kind', 'request_id'],
        },
      ],
    },
  },
  required: ['id', 'code', 'reason', 'origin', 'attempts', 'payload_bytes'],
}

/** `facebook.message.received` → `FacebookMessageReceived`. */
const nameOf = (type: string): string =>
  type
    .split(/[._]/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

const CHANNELS = EventChannel.anyOf.map((literal) => literal.const)
const PAGE_EVENTS = PAGE_EVENT_TYPES.map((type) => ({ type, name: nameOf(type), schema: pageEventSchema(type) }))

const message = (name: string, title: string, headers: object, key: object): object => ({
  name,
  title,
  contentType: 'application/json',
  headers,
  payload: { $ref: `#/components/schemas/${name}` },
  bindings: { kafka: { key, bindingVersion: '0.5.0' } },
})

const PAGE_KEY = { type: 'string', description: "Facebook's id of the page." }
const PERSON_KEY = {
  type: 'string',
  pattern: '^[^:]+(:.+)?$',
  description: "`pageId:psid`, both Facebook's; the page's id alone where the event names no person.",
}
const ORIGIN_KEY = { type: 'string', description: 'That of the record it came from; `notification` for a webhook.' }

/** Names of the messages of each channel. */
export const CHANNEL_MESSAGES = {
  pageEvents: PAGE_EVENTS.map(({ name }) => name),
  commands: ['Command'],
  changes: ['Change'],
  deadLetters: ['DeadLetterReference'],
} as const

export const MESSAGES: Readonly<Record<string, object>> = {
  ...Object.fromEntries(
    PAGE_EVENTS.map(({ type, name }) => [name, message(name, type, headersOf(type, CHANNELS), PERSON_KEY)]),
  ),
  Command: message('Command', 'What we are asked to do', headersOf(), PAGE_KEY),
  Change: message('Change', 'What became different here', headersOf(), PAGE_KEY),
  DeadLetterReference: message(
    'DeadLetterReference',
    'What was given up on',
    headersOf('pagesync.dead_letter'),
    ORIGIN_KEY,
  ),
}

export const SCHEMAS: Readonly<Record<string, object>> = {
  CloudEventHeaders: CLOUD_EVENT_HEADERS,
  ...Object.fromEntries(PAGE_EVENTS.map(({ name, schema }) => [name, schema])),
  Command,
  Change,
  DeadLetterReference: DEAD_LETTER_REFERENCE,
}
