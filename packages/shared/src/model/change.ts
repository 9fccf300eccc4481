import { hash } from 'node:crypto'
import type { LogRecord } from '../event-log/event-log.ts'
import { newTraceparent, toLogRecord } from './cloud-event.ts'
import type { CommandState } from './command.ts'

/** Types of the changes topic: what became different here. */
export type ChangeType =
  | 'page.updated'
  | 'page.token_invalid'
  | 'page.token_restored'
  | 'page.webhook_unsubscribed'
  | 'contact.created'
  | 'contact.updated'
  | 'contact.erased'
  | 'conversation.created'
  | 'conversation.updated'
  | 'message.created'
  | 'message.updated'
  | 'message.deleted'
  | 'sync.started'
  | 'sync.progress'
  | 'sync.finished'
  | 'automation.triggered'
  | `command.${CommandState | 'rejected'}`

/** Why something changed: exactly one of the two. */
export interface ChangeCause {
  readonly event_id?: string
  readonly command_id?: string
}

export interface Change {
  /** Derived from what it tells, so that a repeated announcement has the same id: `changeId(…)`. */
  readonly id: string
  readonly type: ChangeType
  readonly tenant_id: string
  readonly page_id: number
  readonly facebook_page_id: string
  /** Natural key of the entity within the tenant. */
  readonly entity: string
  /** Our numeric id of the entity, null where it has none. */
  readonly entity_id: number | null
  /** The entity's version after the change: of two changes of one entity the higher is the newer. */
  readonly version: number
  readonly cause: ChangeCause
  readonly origin: 'live' | 'backfill'
  /** The changed fields with their new values. */
  readonly fields: Readonly<Record<string, unknown>>
  readonly at: string
}

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
