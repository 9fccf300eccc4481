import type { LogRecord } from '@pagesync/shared/event-log/event-log.ts'
import { toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import { pageEventKey } from '@pagesync/shared/model/topics.ts'
import type { DerivedEvent } from './to-page-events.ts'

export const SOURCE = '/pagesync/webhook-gateway'

/** The record of the page events topic. The item's JSON is put in as it stands instead of being written once more. */
export function toRecord({ event, rawJson }: DerivedEvent, traceparent: string): LogRecord {
  const { id, type, channel, facebook_page_id, psid, mid, time_ms } = event
  return toLogRecord({
    id,
    type,
    source: SOURCE,
    timeMs: time_ms,
    subject: facebook_page_id,
    key: pageEventKey(facebook_page_id, psid),
    value:
      `{"id":"${id}","type":"${type}","channel":"${channel}","facebook_page_id":${JSON.stringify(facebook_page_id)},` +
      `"psid":${JSON.stringify(psid)},"mid":${JSON.stringify(mid)},"time_ms":${time_ms},"raw":${rawJson}}`,
    traceparent,
    channel,
  })
}
