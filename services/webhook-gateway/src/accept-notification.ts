import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { LogRecord } from '@pagesync/shared/event-log/event-log.ts'
import { isTooLarge } from '@pagesync/shared/event-log/record-bytes.ts'
import { within } from '@pagesync/shared/event-log/within.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { continueTrace } from '@pagesync/shared/model/cloud-event.ts'
import type { DeadLetters, NewDeadLetter } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { GatewayCounters } from './counters.ts'
import { parseNotification } from './parse-notification.ts'

import type { SparingLog } from './sparing-log.ts'
import { type DerivedEvent, type NotificationContent, toPageEvents } from './to-page-events.ts'
import { toRecord } from './to-record.ts'

/** Facebook waits 5 s, and a store that is down takes its time to say so. */
const BURY_MS_MAX = 3_500

export interface AcceptDeps {
  /** Resolves when the log has all of them. */
  readonly publish: (records: readonly LogRecord[]) => Promise<void>
  readonly deadLetters: DeadLetters
  readonly clock: Clock
  readonly counters: GatewayCounters
  readonly warn: SparingLog
}

export interface SignedNotification {
  readonly body: Buffer
  readonly requestId: string
  /** W3C trace context of the request, if it came with one. */
  readonly traceparent: string | undefined
}

/**
 * Takes what is certainly Facebook's: resolves when all of it is durable, as events on the log or as dead letters, or
 * was counted as none of our business. Whatever is in it, it is never refused.
 *
 * @throws AppError EVENT_LOG_UNAVAILABLE or STORE_UNAVAILABLE: nothing may be forgotten, Facebook shall send it again
 */
export type AcceptNotification = (notification: SignedNotification) => Promise<void>

export function createAcceptNotification(deps: AcceptDeps): AcceptNotification {
  const { counters, clock } = deps

  return async (notification) => {
    const content = readContent(notification.body, clock.now())
    if (content.kind === 'other-object') counters.other_objects++
    else if (content.kind === 'malformed') await buryBody(notification, content.reason)
    else {
      const { records, oversize, unknown } = toRecords(content.events, continueTrace(notification.traceparent))
      if (records.length > 0) await deps.publish(records)
      counters.events_published += records.length
      counters.events_unknown += unknown
      if (content.ignored > 0) counters.other_objects++
      for (const record of oversize) await buryRecord(record, notification)
      if (content.unusable > 0) await buryBody(notification, `${content.unusable} parts of the body are unusable`)
    }
  }

  function bury(letter: NewDeadLetter): Promise<string> {
    return within(deps.deadLetters.bury(letter), BURY_MS_MAX, storeIsLate)
  }

  async function buryBody({ body, requestId }: SignedNotification, reason: string): Promise<void> {
    const id = await bury({
      tenantId: null,
      facebookPageId: null,
      code: 'UNDECODABLE_RECORD',
      reason,
      attempts: 1,
      origin: { kind: 'notification', request_id: requestId },
      key: 'notification',
      payload: body,
      nowMs: clock.now(),
    })
    counters.malformed++
    deps.warn('notification kept as a dead letter', { dead_letter: id, reason, request_id: requestId })
  }

  async function buryRecord(record: LogRecord, { requestId }: SignedNotification): Promise<void> {
    const id = await bury({
      tenantId: null,
      facebookPageId: record.headers.ce_subject ?? null,
      code: 'PAYLOAD_TOO_LARGE',
      reason: 'The event is larger than a record may be',
      attempts: 1,
      origin: { kind: 'notification', request_id: requestId },
      key: record.key,
      headers: record.headers,
      payload: Buffer.from(record.value),
      nowMs: clock.now(),
    })
    counters.oversize++
    deps.warn('event kept as a dead letter', { dead_letter: id, event: record.headers.ce_id, request_id: requestId })
  }
}

/** Those that the log takes, and those that are too large for it. */
function toRecords(events: readonly DerivedEvent[], traceparent: string) {
  const records: LogRecord[] = []
  const oversize: LogRecord[] = []
  let unknown = 0
  for (const derived of events) {
    const record = toRecord(derived, traceparent)
    if (isTooLarge(record)) oversize.push(record)
    else records.push(record)
    if (derived.event.type === 'facebook.unknown') unknown++
  }
  return { records, oversize, unknown }
}

function readContent(body: Buffer, receivedAtMs: number): NotificationContent {
  let parsed: unknown
  try {
    parsed = parseNotification(body)
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: 'malformed', reason: 'The body is not JSON' }
    throw error
  }
  return toPageEvents(parsed, receivedAtMs)
}

const storeIsLate = () => new AppError('STORE_UNAVAILABLE', 'The store did not keep the dead letter in time')
