import type { LogRecord } from '@pagesync/shared/event-log/event-log.ts'
import { toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import { pageEventKey } from '@pagesync/shared/model/topics.ts'
import type { DerivedEvent } from './to-page-events.ts'

export const SOURCE = '/pagesync/webhook-gateway'

/** The record of the page events topic. The item's JSON is put in as it stands instead of being written once more. */
export function toRecord({ event, rawJson }: DerivedEvent, traceparent: string): LogRecord {
  const { raw: _written, ...head } = event
  return toLogRecord({
    id: event.id,
    type: event.type,
    source: SOURCE,
    timeMs: event.time_ms,
    subject: event.facebook_page_id,
    key: pageEventKey(event.facebook_page_id, event.psid),
    value: `${JSON.stringify(head).slice(0, -1)},"raw":${rawJson}}`,
    traceparent,
    channel: event.channel,
  })
}
