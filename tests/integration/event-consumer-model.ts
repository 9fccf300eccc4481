import { randomBytes } from 'node:crypto'
import { createCounting } from '@pagesync/shared/counting/counting.ts'
import { recoverSessions } from '@pagesync/shared/counting/recover-sessions.ts'
import type { EventLog, StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { type Clock, systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { newTraceparent } from '@pagesync/shared/model/cloud-event.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { COUNTING_SESSIONS } from '@pagesync/shared/store/repositories/statistics-rows.ts'
import { createSyncedReader, openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { consumePageEvents, type PageEventConsumer } from '@pagesync/sync-worker/consume/consume-page-events.ts'
import { toPageEvents } from '@pagesync/webhook-gateway/to-page-events.ts'
import { toRecord } from '@pagesync/webhook-gateway/to-record.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countRows } from '../support/count-rows.ts'
import { createFuse, dyingEventLog, dyingStore } from '../support/crashing-ports.ts'
import { eventually } from '../support/eventually.ts'
import type { OpenEngines } from '../support/open-engines.ts'
import { ERASURE_KEY, SEALER } from '../support/token-keys.ts'

/** One webhook: who of three people (or the page, to them) says something, and which earlier one Facebook repeats instead. */
const Webhook = fc.record({
  person: fc.integer({ min: 0, max: 2 }),
  direction: fc.constantFrom<'in' | 'out'>('in', 'in', 'out'),
  repeats: fc.option(fc.nat({ max: 20 }), { freq: 4 }),
})
const Crash = fc.record({ afterWrites: fc.nat({ max: 14 }), diesAfter: fc.boolean() })
const Run = fc.record({
  webhooks: fc.array(Webhook, { minLength: 3, maxLength: 25 }),
  crashes: fc.array(Crash, { maxLength: 4 }),
})

interface CrashPoint {
  readonly afterWrites: number
  readonly diesAfter: boolean
}

interface Sent {
  readonly mid: string
  readonly psid: string
  readonly direction: 'in' | 'out'
  readonly atMs: number
}

/**
 * The heart of the event side, tried against a reference of a few lines: whatever Facebook repeats and wherever the
 * worker dies, every message is stored once, counted once and announced at least once, in order per conversation.
 */
export function describeEventConsumerModel(name: string, open: () => Promise<OpenEngines>, runs: number): void {
  describe(`the event consumer under crashes and repeats, ${name}`, () => {
    let engines: OpenEngines
    let changes: Change[]
    const logger = createLogger({ service: 'test', level: 'silent' })

    beforeAll(async () => {
      engines = await open()
      await Promise.all([engines.eventLog.ensureTopics(topicDefinitions(3)), ensureCollections(engines.store)])
      changes = []
      await engines.eventLog.tail({
        topic: TOPICS.changes,
        from: 'now',
        handle: (records: readonly StoredRecord[]) =>
          changes.push(...records.map((record) => JSON.parse(record.value.toString('utf8')) as Change)),
      })
    })
    afterAll(() => engines?.[Symbol.asyncDispose]())

    const consume = async (store: Store, eventLog: EventLog): Promise<PageEventConsumer> => {
      const sequences = createSequences(store)
      const counting = createCounting({ store, sequences, clock: systemClock })
      const consumer = await consumePageEvents({
        eventLog,
        pages: createPages(store, sequences, SEALER),
        synced: openSyncedCollections(store),
        ledger: createLedger(store),
        sequences,
        counting,
        tombstones: createTombstones(store, ERASURE_KEY),
        deadLetters: createDeadLetters(store, eventLog, '/test'),
        clock: systemClock,
        logger,
      })
      // As often as it can: so a process dies in the middle of folding, too.
      const flushing = setInterval(() => void counting.flush().catch(() => undefined), 5)
      return {
        ...consumer,
        async [Symbol.asyncDispose]() {
          await consumer.subscription.close()
          clearInterval(flushing)
          await counting[Symbol.asyncDispose]().then(undefined, () => undefined)
        },
      }
    }

    /** Works until the fuse blows, as a process that dies there; what it had committed stays committed. */
    const consumeUntilCrash = async (
      { afterWrites, diesAfter }: CrashPoint,
      sent: readonly Sent[],
      pageId: number,
    ): Promise<void> => {
      const fuse = createFuse(afterWrites, diesAfter)
      const consumer = await consume(dyingStore(engines.store, fuse), dyingEventLog(engines.eventLog, fuse))
      await eventually(async () => fuse.blown() || (await isCounted(sent, pageId, engines.store)), 30_000, 5)
      await consumer[Symbol.asyncDispose]()
    }

    const runOnce = async ({
      webhooks,
      crashes,
    }: typeof Run extends fc.Arbitrary<infer T> ? T : never): Promise<void> => {
      const facebookPageId = `10${randomBytes(6).readUIntBE(0, 6)}`
      const { page } = await createPages(engines.store, createSequences(engines.store), SEALER).connect(
        { tenantId: 't_model', facebookPageId, accessToken: 'none', name: null },
        Date.now(),
      )
      const sent = await send(engines.eventLog, facebookPageId, webhooks)
      for (const crash of crashes) await consumeUntilCrash(crash, sent, page.id)
      const consumer = await consume(engines.store, engines.eventLog)
      await eventually(() => isCounted(sent, page.id, engines.store), 30_000, 5)
      await compare(sent, page.id, engines.store, changes)
      await consumer[Symbol.asyncDispose]()
      await recoverAll(engines.store)
      const rows = await countRows(engines.store, page.id)
      expect((await createStatistics(engines.store).totals([page.id])).get(page.id)).toMatchObject(rows)
    }

    it('stores every message once, counts it once and announces it, in order', { timeout: 240_000 }, async () => {
      await fc.assert(fc.asyncProperty(Run, runOnce), { numRuns: runs, endOnFailure: true })
    })
  })
}

/** What the living do within a minute after a process died, and again five minutes later. */
async function recoverAll(store: Store): Promise<void> {
  for (const minutes of [1, 2, 10]) {
    const clock: Clock = { ...systemClock, now: () => Date.now() + minutes * 60_000 }
    await recoverSessions({ store, clock, own: () => undefined })
  }
  expect(await store.collection(COUNTING_SESSIONS).find({ index: '_id', limit: 10 })).toEqual([])
}

async function send(
  log: EventLog,
  page: string,
  webhooks: readonly { person: number; direction: 'in' | 'out'; repeats: number | null }[],
): Promise<Sent[]> {
  const people = [0, 1, 2].map(() => String(randomBytes(6).readUIntBE(0, 6)))
  const start = Date.now() - 100_000
  const sent: Sent[] = []
  for (const [i, { person, direction, repeats }] of webhooks.entries()) {
    const again = repeats === null ? undefined : sent[repeats]
    const message = again ?? {
      mid: `m_${randomBytes(9).toString('hex')}`,
      psid: people[person] as string,
      direction,
      atMs: start + i * 1000,
    }
    if (!again) sent.push(message)
    const [sender, recipient] = message.direction === 'in' ? [message.psid, page] : [page, message.psid]
    const item = {
      sender: { id: sender },
      recipient: { id: recipient },
      timestamp: message.atMs,
      message: {
        mid: message.mid,
        text: `text ${message.mid}`,
        ...(message.direction === 'out' ? { is_echo: true } : {}),
      },
    }
    const content = toPageEvents(
      { object: 'page', entry: [{ id: page, time: message.atMs, messaging: [item] }] },
      message.atMs,
    )
    if (content.kind !== 'events') throw new Error(content.kind)
    await log.publish(
      TOPICS.pageEvents,
      content.events.map((event) => toRecord(event, newTraceparent())),
    )
  }
  return sent
}

/** Whether all there is to count was counted: what Facebook repeated may still be on its way. */
async function isCounted(sent: readonly Sent[], pageId: number, store: Store): Promise<boolean> {
  const rows = await createSyncedReader(store).conversations(pageId, 'id', 100)
  return rows.reduce((sum, row) => sum + row.message_count, 0) >= sent.length
}

/** The reference: what a person would expect of each conversation. */
async function compare(sent: readonly Sent[], pageId: number, store: Store, changes: readonly Change[]): Promise<void> {
  const reader = createSyncedReader(store)
  const conversations = await reader.conversations(pageId, 'id', 100)
  expect(conversations.map(({ psid }) => psid).toSorted()).toEqual(
    [...new Set(sent.map(({ psid }) => psid))].toSorted(),
  )
  for (const conversation of conversations) {
    const expected = sent.filter(({ psid }) => psid === conversation.psid)
    const stored = await reader.messages(conversation._id, 'newest', 200)
    expect(stored.map(({ mid }) => mid).toReversed()).toEqual(expected.map(({ mid }) => mid))
    const lastReply = expected.findLastIndex(({ direction }) => direction === 'out')
    expect(conversation.unread_count).toBe(expected.length - 1 - lastReply)
    expect(conversation.message_count).toBe(expected.length)
    expect(conversation.last_message_mid).toBe(expected.at(-1)?.mid)
    const announced = await eventually(() => {
      const mids = changes
        .filter(
          ({ type, page_id, fields }) =>
            type === 'message.created' && page_id === pageId && fields.conversation_id === conversation.id,
        )
        .map(({ fields }) => fields.facebook_message_id)
      const first = [...new Set(mids)]
      return first.length >= expected.length ? first : undefined
    })
    expect(announced).toEqual(expected.map(({ mid }) => mid))
    expect(changes.some(({ type, entity }) => type === 'conversation.created' && entity === conversation._id)).toBe(
      true,
    )
    expect(changes.some(({ type, entity }) => type === 'contact.created' && entity === conversation._id)).toBe(true)
    expect(await reader.contactsByKey([conversation._id])).toMatchObject([{ psid: conversation.psid }])
  }
}
