import { replayDeadLetter } from '@pagesync/api/replay-dead-letter.ts'
import type { EventLog, StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { createDeadLetterBox } from '@pagesync/shared/store/repositories/dead-letter-box.ts'
import { createDeadLetters, type NewDeadLetter } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { eventually } from '../../support/eventually.ts'
import { fetchOpenApi, type OpenApiCheck } from '../../support/openapi-check.ts'

let system: ApiSystem
let check: OpenApiCheck
let data: ReturnType<typeof createApiData>
let mine: TestTenant
let theirs: TestTenant
let offset = 0

beforeAll(async () => {
  system = await startApiSystem()
  check = await fetchOpenApi(system.origin)
  data = createApiData(system.store)
  mine = await data.addTenant('Mine')
  theirs = await data.addTenant('Theirs')
})
afterAll(() => system?.[Symbol.asyncDispose]())

const HEADERS = { ce_id: 'cmd_1', ce_type: 'page.full_sync', traceparent: `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01` }
const letter = (fields: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  tenantId: mine.id,
  facebookPageId: '100',
  code: 'COMMAND_REJECTED',
  reason: '/page_id: is required',
  attempts: 1,
  origin: { kind: 'record', topic: TOPICS.commands, partition: 1, offset: offset++ },
  key: '100',
  headers: HEADERS,
  payload: Buffer.from('{"id":"cmd_1","text":"🙏"}'),
  nowMs: Date.now(),
  ...fields,
})
const bury = (fields: Partial<NewDeadLetter> = {}) =>
  createDeadLetters(system.store, system.eventLog, '/test').bury(letter(fields))
const get = (id: string, token = mine.key) => system.request(token, 'GET', `/dead-letters/${id}`)
const replay = (id: string, token = mine.key) => system.request(token, 'POST', `/dead-letters/${id}/replay`)

/** What comes by a topic while `act` runs. */
async function seenOn(topic: string, act: () => Promise<unknown>): Promise<StoredRecord[]> {
  const seen: StoredRecord[] = []
  await using _tail = await system.eventLog.tail({
    topic,
    from: 'now',
    handle: (records) => void seen.push(...records),
  })
  await act()
  return eventually(async () => (seen.length > 0 ? seen : undefined))
}

describe('a dead letter', () => {
  it('is listed without its payload and shown with it, as documented', async () => {
    const id = await bury()
    const { status, headers, body } = await system.request(mine.key, 'GET', '/dead-letters?state=open')
    expect(status).toBe(200)
    const listed = body.dead_letters.find((each: { id: string }) => each.id === id)
    expect(listed).toMatchObject({
      state: 'open',
      code: 'COMMAND_REJECTED',
      reason: '/page_id: is required',
      attempts: 1,
      origin: { kind: 'record', topic: TOPICS.commands, partition: 1 },
      facebook_page_id: '100',
    })
    expect(listed.payload).toBeUndefined()
    check.expectDocumented('GET', '/api/facebook/dead-letters', { status, headers, body })
    const shown = await get(id)
    expect(shown.body.dead_letter).toMatchObject({
      payload: '{"id":"cmd_1","text":"🙏"}',
      payload_encoding: 'utf8',
    })
    check.expectDocumented('GET', '/api/facebook/dead-letters/{id}', shown)
    const bytes = await get(await bury({ payload: Buffer.from([0xff, 0x00]) }))
    expect(bytes.body.dead_letter).toMatchObject({ payload: '/wA=', payload_encoding: 'base64' })
  })

  it('goes back to its origin as it was, with a trace of what it is, once', async () => {
    const id = await bury()
    let answer: Awaited<ReturnType<typeof replay>> | undefined
    const [record] = await seenOn(TOPICS.commands, async () => {
      answer = await replay(id)
    })
    expect(answer?.status).toBe(200)
    check.expectDocumented('POST', '/api/facebook/dead-letters/{id}/replay', answer!)
    expect(answer?.body.dead_letter).toMatchObject({ id, state: 'replayed', replays: 1 })
    expect(record?.key).toBe('100')
    expect(record?.value.toString()).toBe('{"id":"cmd_1","text":"🙏"}')
    expect(record?.headers).toEqual({ ...HEADERS, pagesync_replay_of: id, pagesync_attempts: '1' })
    const again = await replay(id)
    expect([again.status, again.body.code]).toEqual([409, 'NOT_REPLAYABLE'])
    check.expectDocumented('POST', '/api/facebook/dead-letters/{id}/replay', again)
  })

  it('is replayed once by twenty who ask at the same time', async () => {
    const id = await bury()
    const answers = await Promise.all(Array.from({ length: 20 }, () => replay(id)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19)
  })

  it('that fails again is the same entry, its attempts added, and may be replayed again', async () => {
    const id = await bury()
    await replay(id)
    const failed = {
      origin: { kind: 'record', topic: TOPICS.commands, partition: 1, offset: 77_000 },
      headers: { ...HEADERS, pagesync_replay_of: id, pagesync_attempts: '1' },
      attempts: 2,
      reason: 'still bad',
    } as const
    expect(await bury(failed)).toBe(id)
    expect((await get(id)).body.dead_letter).toMatchObject({ state: 'open', attempts: 3, reason: 'still bad' })
    // The same record once more, as after a crash, adds nothing.
    expect(await bury(failed)).toBe(id)
    expect((await get(id)).body.dead_letter.attempts).toBe(3)
    expect((await replay(id)).status).toBe(200)
  })

  it('that fails again before its replay is noted is open again, its replay counted', async () => {
    const id = await bury()
    const deadLetters = createDeadLetterBox(system.store)
    const fast = { origin: { kind: 'record', topic: TOPICS.commands, partition: 1, offset: 78_000 } } as const
    const eventLog: Pick<EventLog, 'publish'> = {
      async publish(topic, records) {
        await system.eventLog.publish(topic, records)
        await bury({ ...fast, headers: { ...HEADERS, pagesync_replay_of: id } })
      },
    }
    const row = (await deadLetters.get(id))!
    const answer = await replayDeadLetter(row, { deadLetters, eventLog, pages: data.pages, nowMs: Date.now() })
    expect(answer).toMatchObject({ state: 'open', attempts: 2, replays: 1 })
    expect((await get(id)).body.dead_letter).toMatchObject({ state: 'open', attempts: 2, replays: 1 })
  })

  it('is not touched by a record that names it without being it', async () => {
    const id = await bury()
    for (const fields of [
      { key: '200', headers: { pagesync_replay_of: id } },
      { headers: { pagesync_replay_of: 'dl_nothing' } },
      { headers: { pagesync_replay_of: id }, origin: { kind: 'record', topic: 'other', partition: 0, offset: 1 } },
    ] as const)
      expect(await bury(fields)).not.toBe(id)
    expect((await get(id)).body.dead_letter.attempts).toBe(1)
  })

  it.each([
    ['a body of a webhook that is no event', { origin: { kind: 'notification', request_id: 'r' } }, /webhook/],
    ['bytes that are no text', { payload: Buffer.from([0xff, 0xfe]) }, /no text/],
    ['more than is kept', { payload: Buffer.alloc(1_100_000, 97) }, /too large/],
    ['more than a record may be', { payload: Buffer.alloc(950_000, 97) }, /larger than a record/],
    [
      'of a topic that nothing is replayed to',
      { origin: { kind: 'record', topic: TOPICS.changes, partition: 0, offset: 1 } },
      /replayed to/,
    ],
  ] as const)('that is %s is refused with the reason', async (_what, fields, reason) => {
    const id = await bury(fields as Partial<NewDeadLetter>)
    const answer = await replay(id)
    expect([answer.status, answer.body.code]).toEqual([409, 'NOT_REPLAYABLE'])
    expect(answer.body.message).toMatch(reason)
    expect((await get(id)).body.dead_letter.state).toBe('open')
  })

  it('of a page that its tenant does not hold any more is kept: another tenant would be given the event', async () => {
    const page = await data.addPage(mine, '200')
    const origin = { kind: 'record', topic: TOPICS.pageEvents, partition: 1, offset: 88_000 } as const
    const id = await bury({ facebookPageId: '200', key: '200:7', origin, payload: Buffer.from('{"text":"to Mine"}') })
    await data.pages.disconnect(page, Date.now())
    const nobodyHoldsIt = await replay(id)
    await data.addPage(theirs, '200')
    for (const answer of [nobodyHoldsIt, await replay(id), await replay(id, OPERATOR_TOKEN)]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'NOT_REPLAYABLE'])
      expect(answer.body.message).toBe('Its page is not connected')
    }
    expect((await get(id)).body.dead_letter.state).toBe('open')
    await data.pages.disconnect((await data.pages.findConnected('200'))!, Date.now())
    await data.addPage(mine, '200')
    expect((await replay(id)).status).toBe(200)
  })

  it('of the gateway that is a whole event goes to the page events', async () => {
    await data.addPage(mine, '100')
    const event = {
      id: 'ev_1',
      type: 'facebook.unknown',
      channel: 'messaging',
      facebook_page_id: '100',
      psid: '7',
      mid: null,
      time_ms: 5,
      raw: {},
    }
    const id = await bury({
      origin: { kind: 'notification', request_id: 'r' },
      payload: Buffer.from(JSON.stringify(event)),
    })
    const [record] = await seenOn(TOPICS.pageEvents, () => replay(id))
    expect(JSON.parse(record!.value.toString())).toEqual(event)
  })

  it('can be thrown away', async () => {
    const id = await bury()
    const answer = await system.request(mine.key, 'DELETE', `/dead-letters/${id}`)
    expect(answer.status).toBe(200)
    check.expectDocumented('DELETE', '/api/facebook/dead-letters/{id}', answer)
    expect((await get(id)).status).toBe(404)
  })
})

describe('who may see dead letters', () => {
  it("a tenant its own, the operator everybody's and those of nobody", async () => {
    const nobodys = await bury({ tenantId: null })
    const own = await bury()
    expect((await get(own, theirs.key)).status).toBe(404)
    expect((await get(nobodys)).status).toBe(404)
    expect((await replay(nobodys)).status).toBe(404)
    for (const id of [own, nobodys]) expect((await get(id, OPERATOR_TOKEN)).status).toBe(200)
    const { body } = await system.request(OPERATOR_TOKEN, 'GET', '/dead-letters?limit=2')
    expect(body.dead_letters.map(({ id }: { id: string }) => id).sort()).toEqual([nobodys, own].sort())
    expect((await system.request(theirs.key, 'GET', '/dead-letters')).body.dead_letters).toEqual([])
  })

  it('nobody without the scope admin, or with a key for some pages alone', async () => {
    const reader = await data.addKey(mine.id, ['read', 'sync', 'push'])
    const limited = await data.addKey(mine.id, ['admin'], [1])
    for (const key of [reader, limited]) expect((await system.request(key, 'GET', '/dead-letters')).status).toBe(403)
  })
})
