import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { type EventLog, type LogRecord, RECORD_BYTES_MAX } from '@pagesync/shared/event-log/event-log.ts'
import { PAGE_EVENT_TYPES, type PageEventType, pageEventSchema } from '@pagesync/shared/model/page-event.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { DeadLetterBox } from '@pagesync/shared/store/repositories/dead-letter-box.ts'
import {
  type DeadLetterRow,
  REPLAY_ATTEMPTS_HEADER,
  REPLAY_OF_HEADER,
} from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import { Value } from '@sinclair/typebox/value'
import { payloadText } from './views/dead-letter.ts'

export interface ReplayDeps {
  readonly deadLetters: Pick<DeadLetterBox, 'get' | 'save'>
  readonly eventLog: Pick<EventLog, 'publish'>
  readonly pages: Pick<Pages, 'findConnected'>
  readonly nowMs: number
}

/** A replay whose process died before it could say that it was published may be repeated after this. */
const REPLAYING_MS_MAX = 60_000
const REPLAYABLE_TOPICS: ReadonlySet<string> = new Set([TOPICS.pageEvents, TOPICS.commands])
/** What the log allows beside the record itself: headers and the engine's own frame. */
const HEADER_NAMES_MAX = 20

/**
 * Gives a dead letter back to the topic that it came from, as it was: key, headers and `ce_id` too, so that whatever
 * made the first time harmless makes this one harmless. Two headers tell that it is a replay. Once until it fails again.
 *
 * @throws AppError NOT_REPLAYABLE with the reason, EVENT_LOG_UNAVAILABLE (then it is open again)
 */
export async function replayDeadLetter(row: DeadLetterRow, deps: ReplayDeps): Promise<DeadLetterRow> {
  const { deadLetters, eventLog, nowMs } = deps
  assertOpen(row, nowMs)
  const { topic, record } = toReplay(row)
  if (topic === TOPICS.pageEvents) await assertHeld(row, deps)
  const { replays = 0 } = row
  const replaying = await deadLetters.save({ ...row, state: 'replaying', replayed_ms: nowMs, replays: replays + 1 })
  if (!replaying) throw new AppError('NOT_REPLAYABLE', 'Somebody else does something with it at this moment')
  try {
    await eventLog.publish(topic, [record])
  } catch (error) {
    await deadLetters.save({ ...replaying, state: 'open', replays })
    throw error
  }
  const replayed: DeadLetterRow = { ...replaying, state: 'replayed' }
  // Lost where it has failed again already: then it is open again, and that stands.
  return (await deadLetters.save(replayed)) ?? (await deadLetters.get(row._id)) ?? replayed
}

function assertOpen({ state = 'open', replayed_ms = 0 }: DeadLetterRow, nowMs: number): void {
  const isStuck = state === 'replaying' && nowMs - replayed_ms > REPLAYING_MS_MAX
  if (state !== 'open' && !isStuck)
    throw new AppError('NOT_REPLAYABLE', 'It was replayed, and has not failed again since')
}

/** An event goes to whoever holds its page: that may be another tenant by now, or nobody. */
async function assertHeld({ tenant_id, facebook_page_id }: DeadLetterRow, { pages }: ReplayDeps): Promise<void> {
  if (tenant_id === null) return
  const page = facebook_page_id === null ? undefined : await pages.findConnected(facebook_page_id)
  if (page?.tenant_id !== tenant_id) throw new AppError('NOT_REPLAYABLE', 'Its page is not connected')
}

function toReplay(row: DeadLetterRow): { topic: string; record: LogRecord } {
  if (row.payload_cut) throw new AppError('NOT_REPLAYABLE', 'Its payload was too large to be kept whole')
  const value = payloadText(row)
  if (value === null) throw new AppError('NOT_REPLAYABLE', 'Its payload is no text')
  const record = {
    key: row.key,
    value,
    headers: { ...row.headers, [REPLAY_OF_HEADER]: row._id, [REPLAY_ATTEMPTS_HEADER]: String(row.attempts) },
  }
  if (Object.keys(record.headers).length > HEADER_NAMES_MAX)
    throw new AppError('NOT_REPLAYABLE', 'It has too many headers')
  const bytes = Buffer.byteLength(JSON.stringify(record.headers)) + Buffer.byteLength(row.key) + row.payload_bytes
  if (bytes > RECORD_BYTES_MAX) throw new AppError('NOT_REPLAYABLE', 'It is larger than a record may be')
  return { topic: topicOf(row, value), record }
}

function topicOf({ origin }: DeadLetterRow, value: string): string {
  if (origin.kind === 'record') {
    if (REPLAYABLE_TOPICS.has(origin.topic)) return origin.topic
    throw new AppError('NOT_REPLAYABLE', `Nothing is replayed to ${origin.topic}`)
  }
  // What the gateway could not publish is a record only where it was a whole event.
  if (isPageEvent(value)) return TOPICS.pageEvents
  throw new AppError('NOT_REPLAYABLE', 'It is the body of a webhook that could not be read, and never was a record')
}

function isPageEvent(value: string): boolean {
  try {
    const event = JSON.parse(value) as { type?: unknown } | null
    const type = PAGE_EVENT_TYPES.find((each): each is PageEventType => each === event?.type)
    return type !== undefined && Value.Check(pageEventSchema(type), event)
  } catch {
    return false
  }
}
