import { hash } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'
import type { LogRecord } from '../event-log/event-log.ts'
import { newTraceparent, toLogRecord } from './cloud-event.ts'
import { COMMAND_STATES, type CommandState } from './command.ts'

const ENTITY_CHANGE_TYPES = [
  'page.updated',
  'page.token_invalid',
  'page.token_restored',
  'page.webhook_unsubscribed',
  'contact.created',
  'contact.updated',
  'contact.erased',
  'conversation.created',
  'conversation.updated',
  'message.created',
  'message.updated',
  'message.deleted',
  'sync.started',
  'sync.progress',
  'sync.finished',
  'automation.triggered',
] as const

/** Types of the changes topic: what became different here. */
export type ChangeType = (typeof ENTITY_CHANGE_TYPES)[number] | `command.${CommandState | 'rejected'}`

const CHANGE_TYPES: readonly ChangeType[] = [
  ...ENTITY_CHANGE_TYPES,
  ...COMMAND_STATES.map((state) => `command.${state}` as const),
  'command.rejected',
]

/** What stands on the changes topic. Members that a reader does not know are to be ignored. */
export const Change = Type.Object({
  id: Type.String({
    minLength: 1,
    description: 'Derived from what it tells, so that a repeated announcement has the same id: `changeId(…)`.',
  }),
  type: Type.Unsafe<ChangeType>(Type.Union(CHANGE_TYPES.map((type) => Type.Literal(type)))),
  tenant_id: Type.String({ description: 'Empty where it could not be read (`command.rejected`).' }),
  page_id: Type.Integer({ minimum: 0, description: 'Ours; 0 where it could not be read (`command.rejected`).' }),
  facebook_page_id: Type.String(),
  entity: Type.String({ description: 'Natural key of the entity within the tenant.' }),
  entity_id: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()], {
    description: 'Our numeric id of the entity, null where it has none.',
  }),
  version: Type.Integer({
    minimum: 1,
    description: "The entity's version after the change: of two changes of one entity the higher is the newer.",
  }),
  cause: Type.Object(
    {
      event_id: Type.Optional(Type.String()),
      command_id: Type.Optional(Type.String()),
      request_id: Type.Optional(Type.String()),
    },
    {
      description:
        'Why something changed: an event of Facebook, a command, or the request of somebody who changed it here.',
    },
  ),
  origin: Type.Union([Type.Literal('live'), Type.Literal('backfill')]),
  fields: Type.Record(Type.String(), Type.Unknown(), { description: 'The changed fields with their new values.' }),
  at: Type.String({ format: 'date-time' }),
})
export type Change = Readonly<Static<typeof Change>>

/** Same type, entity and distinction (an event's id, or a version) give the same id: repeating an announcement is harmless. */
export function changeId(type: ChangeType, entity: string, distinction: string | number): string {
  return `ch_${hash('sha256', `${type}\n${entity}\n${distinction}`, 'base64url')}`
}

/** The record for the changes topic, keyed by Facebook's page id. */
export function changeRecord(change: Change, source: string): LogRecord {
  return toLogRecord({
    id: change.id,
    type: change.type,
    source,
    timeMs: Date.parse(change.at),
    subject: change.facebook_page_id,
    key: change.facebook_page_id,
    value: JSON.stringify(change),
    traceparent: newTraceparent(),
  })
}
