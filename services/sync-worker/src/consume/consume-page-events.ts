import type { Counting } from '@pagesync/shared/counting/counting.ts'
import { toAppError } from '@pagesync/shared/errors/app-error.ts'
import type { EventLog, RecordBatch, StoredRecord, Subscription } from '@pagesync/shared/event-log/event-log.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { changeRecord } from '@pagesync/shared/model/change.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { DeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { Sequences } from '@pagesync/shared/store/repositories/sequences.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import type { Tombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { applyEvents } from '../events/apply-events.ts'
import { changesOfEvents } from '../events/changes-of-events.ts'
import { effectOf, type PlacedEvent } from '../events/event-effect.ts'
import type { FollowUp } from '../events/follow-up.ts'
import { recogniseOwnSends } from '../events/recognise-own-sends.ts'
import { keepOutOfEvents } from '../privacy/keep-out-of-events.ts'
import { SOURCE } from '../source.ts'
import { buryRecord } from './bury-record.ts'
import { createCountWebhookEvents } from './count-webhook-events.ts'
import { decodePageEvent } from './decode-page-event.ts'
import { createFailureGuard, type FailureGuard } from './failure-guard.ts'
import { handleBatchSafely } from './handle-batch-safely.ts'
import { createKnownKeys } from './known-keys.ts'
import { createPageDirectory, type PageDirectory } from './page-directory.ts'

export interface PageEventConsumerDeps {
  readonly eventLog: EventLog
  readonly pages: Pages
  readonly synced: SyncedCollections
  readonly sequences: Sequences
  readonly counting: Counting
  readonly tombstones: Tombstones
  readonly deadLetters: DeadLetters
  readonly ledger: Pick<Ledger, 'getByKeys'>
  /** What else follows from a batch once its rows are written. Must be repeatable. */
  readonly followUp?: FollowUp
  readonly clock: Clock
  readonly logger: Logger
  /** Of the progress watch, see `SubscribeOptions`. */
  readonly stallAfterMs?: number
}

/** What the consumer saw since it started. */
export interface PageEventCounts {
  handled: number
  unknownPage: number
  buried: number
  /** About people who were erased. */
  keptOut: number
}

export interface PageEventConsumer extends AsyncDisposable {
  readonly subscription: Subscription
  readonly counts: Readonly<PageEventCounts>
  readonly guard: Pick<FailureGuard, 'stopped'>
}

export const PAGE_EVENTS_GROUP = 'pagesync.worker.page-events'
const BATCH_RECORDS_MAX = 2_000
const KNOWN_CONTACTS_MAX = 100_000
const ACTIVITY_EVERY_MS = 1_000

/**
 * Facebook's events into our rows: decode, insert or merge in bulk, announce, and only then let the batch be
 * committed. Never calls Facebook. Whatever is repeated (a redelivered webhook, a batch after a crash) ends in the
 * same rows and the same announcements.
 */
export async function consumePageEvents(deps: PageEventConsumerDeps): Promise<PageEventConsumer> {
  const { eventLog, clock, logger } = deps
  const counts: PageEventCounts = { handled: 0, unknownPage: 0, buried: 0, keptOut: 0 }
  const directory = createPageDirectory(deps.pages, clock)
  const guard = createFailureGuard('page_events', logger)
  const handle = createHandler(deps, directory, counts)

  const bury = async (record: StoredRecord, code: string, reason: string, attempts: number): Promise<void> => {
    const tenantId = await tenantOf(record, directory)
    await buryRecord(deps.deadLetters, record, { code, reason, attempts, tenantId }, clock.now())
    counts.buried++
    logger.warn(
      { topic: record.topic, partition: record.partition, offset: record.offset, code, reason },
      'record buried',
    )
  }

  const handleBatch = async (batch: RecordBatch): Promise<void> => {
    await handleBatchSafely({
      records: batch.records,
      handle: (records) => handle(records, bury),
      bury: (record, error, attempts) =>
        bury(record, error.code, `${error.message}: ${describeCause(error.cause)}`, attempts),
      guard,
      logger,
    })
    counts.handled += batch.records.length
  }

  const subscription = await eventLog.subscribe({
    topic: TOPICS.pageEvents,
    group: PAGE_EVENTS_GROUP,
    handleBatch,
    batchRecordsMax: BATCH_RECORDS_MAX,
    stallAfterMs: deps.stallAfterMs,
    onProblem: ({ kind, error, partition }) =>
      logger.warn(
        { err: error, partition, topic: TOPICS.pageEvents },
        kind === 'restarted' ? 'consumer restarted' : 'batch failed',
      ),
  })
  return { subscription, counts, guard, [Symbol.asyncDispose]: () => subscription.close() }
}

type Bury = (record: StoredRecord, code: string, reason: string, attempts: number) => Promise<void>

/** A dead letter belongs to whom the page belongs, as far as its key names one. */
async function tenantOf(record: StoredRecord, directory: PageDirectory): Promise<string | null> {
  const facebookPageId = record.key.split(':')[0] ?? ''
  try {
    return (await directory.find([facebookPageId])).get(facebookPageId)?.tenant_id ?? null
  } catch (error) {
    // Looking it up may be the very code that fails: then it is the operator's to see.
    if (toAppError(error).kind === 'bug') return null
    throw error
  }
}

function createHandler(deps: PageEventConsumerDeps, directory: PageDirectory, counts: PageEventCounts) {
  const { eventLog, pages, clock } = deps
  const knownContacts = createKnownKeys(KNOWN_CONTACTS_MAX)
  const recordActivity = createActivityRecorder(pages, clock)
  const countWebhookEvents = createCountWebhookEvents(deps.counting)

  return async (records: readonly StoredRecord[], bury: Bury): Promise<void> => {
    const placed = await place(records, directory, counts, bury)
    const [{ events, returned }, recognised] = await Promise.all([
      keepOutOfEvents(placed, deps),
      recogniseOwnSends(placed.map(effectOf), deps.ledger),
    ])
    counts.keptOut += placed.length - events.length
    if (events.length === 0) return
    for (const key of returned) knownContacts.delete(key)
    const admitted = new Set(events)
    const effects = recognised.filter((_, i) => admitted.has(placed[i] as PlacedEvent))
    const rows = await applyEvents(effects, knownContacts, deps)
    const changes = changesOfEvents(effects, rows, clock.now())
    // Each of them repeatable, and none waits for another.
    await Promise.all([
      deps.followUp?.(effects, rows),
      eventLog.publish(
        TOPICS.changes,
        changes.map((change) => changeRecord(change, SOURCE)),
      ),
      recordActivity(events),
    ])
    countWebhookEvents(placed)
    // Only now: had anything above failed, the contacts would have to be announced again.
    knownContacts.remember(rows.contacts.keys())
  }
}

async function place(
  records: readonly StoredRecord[],
  directory: PageDirectory,
  counts: PageEventCounts,
  bury: Bury,
): Promise<PlacedEvent[]> {
  const decoded = records.map((record) => ({ record, result: decodePageEvent(record) }))
  const ids = new Set(decoded.flatMap(({ result }) => ('event' in result ? [result.event.facebook_page_id] : [])))
  const pages = await directory.find(ids)
  const placed: PlacedEvent[] = []
  for (const { record, result } of decoded) {
    if (!('event' in result)) {
      await bury(record, 'UNDECODABLE_RECORD', result.reason, 1)
      continue
    }
    const page = pages.get(result.event.facebook_page_id)
    if (page)
      placed.push({ event: result.event, page, position: { partition: record.partition, offset: record.offset } })
    else counts.unknownPage++
  }
  return placed
}

/** The newest event of each page is written down at most once a second. */
function createActivityRecorder(pages: Pages, clock: Clock) {
  const writtenMs = new Map<number, number>()
  return async (placed: readonly PlacedEvent[]): Promise<void> => {
    const now = clock.now()
    const due = new Map<number, number>()
    for (const { page } of placed) {
      if (now - (writtenMs.get(page.id) ?? 0) >= ACTIVITY_EVERY_MS) due.set(page.id, now)
    }
    if (due.size === 0) return
    await pages.recordActivity(due)
    for (const pageId of due.keys()) writtenMs.set(pageId, now)
  }
}

function describeCause(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause ?? 'no cause given')
}
