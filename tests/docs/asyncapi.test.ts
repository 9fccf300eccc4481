import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTakePlace } from '@pagesync/api/pull-limits.ts'
import { createPublishCommand, createSubmitCommand } from '@pagesync/api/submit-command.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { createPublishBatcher } from '@pagesync/shared/event-log/publish-batcher.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { changeRecord } from '@pagesync/shared/model/change.ts'
import { newTraceparent } from '@pagesync/shared/model/cloud-event.ts'
import { commandChange } from '@pagesync/shared/model/command-change.ts'
import { newCommandRow } from '@pagesync/shared/model/command-row.ts'
import { PAGE_EVENT_TYPES } from '@pagesync/shared/model/page-event.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPageLimits } from '@pagesync/shared/store/repositories/page-limits.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { FIXTURES } from '@pagesync/webhook-gateway/notification-fixtures.ts'
import { parseNotification } from '@pagesync/webhook-gateway/parse-notification.ts'
import { toPageEvents } from '@pagesync/webhook-gateway/to-page-events.ts'
import { toRecord } from '@pagesync/webhook-gateway/to-record.ts'
import { Ajv, type ValidateFunction } from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { renderAsyncApi } from '../../scripts/docs/render-asyncapi.ts'
import { eventually } from '../support/eventually.ts'
import { SEALER } from '../support/token-keys.ts'

interface Described {
  readonly channels: Readonly<Record<string, { address: string; messages: Record<string, { $ref: string }> }>>
  readonly operations: Readonly<Record<string, { action: string; channel: { $ref: string } }>>
  readonly components: { readonly messages: Readonly<Record<string, { headers: object; payload: object }>> }
}

interface WrittenRecord {
  readonly key: string
  readonly value: string | Buffer
  readonly headers: Readonly<Record<string, string>>
}

const document = JSON.parse(renderAsyncApi()) as Described
const ajv = new Ajv({ strict: false, allErrors: true })
addFormats.default(ajv)
ajv.addSchema(document, 'asyncapi')

const messagesOf = (topic: string): string[] => {
  const channel = Object.values(document.channels).find(({ address }) => address === topic)
  return Object.keys(channel?.messages ?? {})
}
const compiled = new Map<string, ValidateFunction>()
function check(message: string, part: string): ValidateFunction {
  const pointer = `asyncapi#/components/messages/${message}/${part}`
  const known = compiled.get(pointer) ?? ajv.compile({ $ref: pointer })
  compiled.set(pointer, known)
  return known
}

/** Of the messages that the topic may hold, the ones that a record is: must be one. */
function messagesThatFit(topic: string, { key, value, headers }: WrittenRecord): string[] {
  return messagesOf(topic).filter(
    (name) =>
      check(name, 'headers')(headers) &&
      check(name, 'payload')(JSON.parse(value.toString())) &&
      check(name, 'bindings/kafka/key')(key),
  )
}

const ROW = newCommandRow(
  {
    commandId: 'cmd_01JH',
    tenantId: 't_1',
    pageId: 1,
    facebookPageId: '104926374821734',
    conversationKey: '1:7123456789012345',
    type: 'conversation.sync_messages',
    arguments: { limit: 10 },
    requestedBy: { kind: 'api_key', id: 'key_1' },
    trigger: 'api',
  },
  1_767_868_200_000,
)

describe('the AsyncAPI document', () => {
  test('refers to nothing that is not there', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, pointer]) => pointer!)
    const missing = references.filter((pointer) => {
      const steps = pointer.slice(1).split('/')
      return (
        steps.reduce<unknown>((at, step) => (at as Record<string, unknown> | undefined)?.[step], document) === undefined
      )
    })
    expect(references.length).toBeGreaterThan(30)
    expect(missing).toEqual([])
  })

  test('has every topic, with who writes and who reads it', () => {
    expect(Object.values(document.channels).map(({ address }) => address)).toEqual(Object.values(TOPICS))
    const written = Object.values(document.operations).filter(({ action }) => action === 'send')
    expect(new Set(written.map(({ channel }) => channel.$ref)).size).toBe(Object.keys(TOPICS).length)
  })

  test('has a message for each type of page event, and the record of each fits that one alone', () => {
    const seen = new Set<string>()
    for (const body of Object.values(FIXTURES)) {
      const content = toPageEvents(parseNotification(Buffer.from(body)), 1_767_868_200_000)
      for (const derived of content.kind === 'events' ? content.events : []) {
        const fitting = messagesThatFit(TOPICS.pageEvents, toRecord(derived, newTraceparent()))
        expect(fitting, JSON.stringify(derived.event)).toHaveLength(1)
        seen.add(fitting[0]!)
      }
    }
    expect(seen).toEqual(new Set(messagesOf(TOPICS.pageEvents)))
    expect(seen.size).toBe(PAGE_EVENT_TYPES.length)
  })

  test('describes commands as the API publishes them', async () => {
    await using engines = await openEngines(TOPICS.commands)
    const { log, store, records } = engines
    const { page } = await createPages(store, createSequences(store), SEALER).connect(
      { tenantId: 't_1', facebookPageId: '104926374821734', accessToken: 'EAAG', name: null },
      Date.now(),
    )
    const logger = createLogger({ service: 'test', level: 'silent' })
    const publish = createPublishCommand(createPublishBatcher(log, TOPICS.commands), logger)
    const takePlace = createTakePlace({}, createPageLimits(store))
    const submit = createSubmitCommand({ ledger: createLedger(store), takePlace, publish, clock: systemClock })
    await submit({
      page,
      type: 'page.sync_details',
      arguments: { fields: ['about'] },
      requester: { kind: 'api_key', id: 'key_1' },
      trigger: 'api',
      idempotencyKey: null,
      traceparent: undefined,
    })
    const [record] = await eventually(() => records.length === 1 && records)
    expect(messagesThatFit(TOPICS.commands, record!)).toEqual(['Command'])
    const other = { ...record!, value: record!.value.toString().replace('page.sync_details', 'page.explode') }
    expect(messagesThatFit(TOPICS.commands, other)).toEqual([])
  })

  test('describes changes as the worker announces them', () => {
    const record = changeRecord(commandChange({ ...ROW, rev: 3 }, 1_767_868_201_000), '/pagesync/sync-worker')
    expect(messagesThatFit(TOPICS.changes, record)).toEqual(['Change'])
    const other = { ...record, value: record.value.replace('command.accepted', 'command.forgotten') }
    expect(messagesThatFit(TOPICS.changes, other)).toEqual([])
  })

  test('describes dead letters as they stand on their topic', async () => {
    await using engines = await openEngines(TOPICS.deadLetters)
    const { log, store, records } = engines
    const letters = createDeadLetters(store, log, '/pagesync/test')
    const common = { tenantId: null, code: 'UNDECODABLE_RECORD', reason: 'no JSON', attempts: 1, nowMs: Date.now() }
    const record = { kind: 'record', topic: TOPICS.commands, partition: 0, offset: 7 } as const
    await letters.bury({ ...common, facebookPageId: '1', origin: record, key: '1', payload: Buffer.from('{') })
    const webhook = { kind: 'notification', request_id: 'r1' } as const
    await letters.bury({
      ...common,
      facebookPageId: null,
      origin: webhook,
      key: 'notification',
      payload: Buffer.from('}'),
    })
    for (const each of await eventually(() => records.length === 2 && records))
      expect(messagesThatFit(TOPICS.deadLetters, each)).toEqual(['DeadLetterReference'])
  })
})

/** The embedded engines in a folder of their own, and what is written to one of the topics from now on. */
async function openEngines(topic: string) {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-asyncapi-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const log = opened.use(await openEventLog(`embedded:${folder}`, { clientId: 'asyncapi-test' }))
  const store = opened.use(await openStore(`embedded:${folder}`))
  await log.ensureTopics(topicDefinitions(1))
  await ensureCollections(store)
  const records: WrittenRecord[] = []
  opened.use(await log.tail({ topic, from: 'now', handle: (found) => records.push(...found) }))
  const all = opened.move()
  return { log, store, records, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
