import { type Change, changeId, changeRecord } from '@pagesync/shared/model/change.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { eventually } from '../../support/eventually.ts'
import { call } from '../../support/system.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let mine: TestTenant
let theirs: TestTenant
let page: PageRow
let other: PageRow

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  mine = await data.addTenant('Mine')
  theirs = await data.addTenant('Theirs')
  page = await data.addPage(mine, '100')
  other = await data.addPage(mine, '101')
})
afterAll(() => system?.[Symbol.asyncDispose]())

let version = 0
const change = (of: PageRow): Change => ({
  id: changeId('page.updated', of._id, ++version),
  type: 'page.updated',
  tenant_id: of.tenant_id,
  page_id: of.id,
  facebook_page_id: of.facebook_page_id,
  entity: of._id,
  entity_id: of.id,
  version,
  cause: { command_id: 'cmd_1' },
  origin: 'live',
  fields: { about: `version ${version}` },
  at: new Date().toISOString(),
})
const announce = (...changes: Change[]) =>
  system.eventLog.publish(
    TOPICS.changes,
    changes.map((each) => changeRecord(each, '/test')),
  )

interface Listener extends AsyncDisposable {
  readonly status: number
  readonly headers: Headers
  readonly events: { readonly id: string; readonly event: string; readonly data: Change }[]
  readonly text: () => string
  readonly lastId: () => string
  readonly ended: Promise<void>
}

/** A client as the standard has it, as far as these tests go. */
async function listen(key: string, lastEventId?: string): Promise<Listener> {
  const leaving = new AbortController()
  const answer = await fetch(`${system.url}/events`, {
    headers: { authorization: `Bearer ${key}`, ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }) },
    signal: leaving.signal,
  })
  const events: Listener['events'] = []
  let text = ''
  let lastId = ''
  const read = async () => {
    let rest = ''
    for await (const piece of answer.body!.pipeThrough(new TextDecoderStream())) {
      text += piece
      const blocks = (rest + piece).split('\n\n')
      rest = blocks.pop()!
      for (const block of blocks) {
        const fields = Object.fromEntries(
          block.split('\n').map((line) => [line.split(': ')[0], line.replace(/^[^:]*: ?/, '')]),
        )
        if (fields.id) lastId = fields.id
        if (fields.data) events.push({ id: fields.id!, event: fields.event!, data: JSON.parse(fields.data) })
      }
    }
  }
  const ended = read().catch(() => undefined)
  return {
    status: answer.status,
    headers: answer.headers,
    events,
    text: () => text,
    lastId: () => lastId,
    ended,
    async [Symbol.asyncDispose]() {
      leaving.abort()
      await ended
    },
  }
}
const untilBegun = (listener: Listener) => eventually(async () => listener.lastId() !== '')
const seenBy = (listener: Listener, count: number) =>
  eventually(async () => (listener.events.length >= count ? listener.events : undefined))
const listening = async (): Promise<number> =>
  (await call(`${system.origin}/readyz`, 'GET')).body.parts.callers.listening

describe('the event stream', () => {
  it("gives the tenant's changes as they happen, and nothing of another's", async () => {
    const foreign = await data.addPage(theirs, '900')
    await announce(change(page))
    await using listener = await listen(mine.key)
    expect(listener.status).toBe(200)
    expect(listener.headers.get('content-type')).toMatch(/^text\/event-stream/)
    expect(listener.headers.get('x-request-id')).toBeTruthy()
    await untilBegun(listener)
    const [first, second] = [change(page), change(other)]
    await announce(first, change(foreign), second)
    const events = await seenBy(listener, 2)
    expect(events.map(({ data }) => data.id).sort()).toEqual([first.id, second.id].sort())
    expect(events[0]).toMatchObject({ event: 'page.updated', data: { tenant_id: mine.id, origin: 'live' } })
    expect(listener.text()).not.toContain(theirs.id)
  })

  it('goes on after the last event that came: what happened meanwhile is there, nothing comes twice', async () => {
    const all: string[] = []
    const seen: string[] = []
    let lastId: string | undefined
    for (let round = 0; round < 4; round++) {
      await using listener = await listen(mine.key, lastId)
      await untilBegun(listener)
      const live = [change(page), change(other), change(page)]
      await announce(...live)
      const expected = round === 0 ? 3 : 5
      await seenBy(listener, expected)
      lastId = listener.lastId()
      seen.push(...listener.events.map(({ data }) => data.id))
      await listener[Symbol.asyncDispose]()
      const missed = [change(other), change(page)]
      await announce(...missed)
      all.push(...live.map(({ id }) => id), ...(round === 3 ? [] : missed.map(({ id }) => id)))
    }
    expect(seen.toSorted()).toEqual(all.toSorted())
    expect(new Set(seen).size).toBe(seen.length)
  })

  it('catches up with much while more is written, in order for each page', async () => {
    await using first = await listen(mine.key)
    await untilBegun(first)
    const from = first.lastId()
    await first[Symbol.asyncDispose]()
    const changes = Array.from({ length: 1_000 }, (_, i) => change(i % 2 ? page : other))
    await announce(...changes)
    await using second = await listen(mine.key, from)
    const writing = (async () => {
      for (let i = 0; i < 20; i++) {
        const more = Array.from({ length: 20 }, () => change(page))
        changes.push(...more)
        await announce(...more)
      }
    })()
    await writing
    await seenBy(second, changes.length)
    for (const of of [page, other]) {
      const idsOf = (list: readonly Change[]) => list.filter(({ page_id }) => page_id === of.id).map(({ id }) => id)
      expect(idsOf(second.events.map(({ data }) => data))).toEqual(idsOf(changes))
    }
  })

  it('of a key for some pages has those alone', async () => {
    await using listener = await listen(await data.addKey(mine.id, ['read'], [other.id]))
    await untilBegun(listener)
    await announce(change(page), change(other))
    const events = await seenBy(listener, 1)
    expect(events.map(({ data }) => data.page_id)).toEqual([other.id])
  })

  it("shows nothing of another tenant's or another page's to who catches up, wherever the id came from", async () => {
    // The same page of Facebook, once of another tenant: its changes stand side by side.
    const before = { ...(await data.addPage(theirs, '901')), facebook_page_id: page.facebook_page_id }
    await using foreign = await listen(theirs.key)
    await untilBegun(foreign)
    const from = foreign.lastId()
    const own = [change(page), change(other), change(page), change(other)]
    const ofOthers = Array.from({ length: 4 }, () => change(before))
    await announce(...own.flatMap((each, i) => [ofOthers[i] as Change, each]))
    await seenBy(foreign, 4)
    expect(foreign.text()).not.toContain(mine.id)
    const limited = await data.addKey(mine.id, ['read'], [other.id])
    const listeners = [await listen(mine.key, from), await listen(limited, from), await listen(limited)]
    await using _left = {
      [Symbol.asyncDispose]: async () => void (await Promise.all(listeners.map((each) => each[Symbol.asyncDispose]()))),
    }
    await Promise.all(listeners.map(untilBegun))
    // Seen by all, after whatever else there was: it is on both partitions.
    const last = [change(other), change(before), { ...change(other), facebook_page_id: page.facebook_page_id }]
    await announce(...last)
    const ofOther = [own[1], own[3], last[0], last[2]]
    const expected = [[...own, last[0], last[2]], ofOther, [last[0], last[2]]]
    for (const [i, listener] of listeners.entries()) {
      const ids = (expected[i] ?? []).map((each) => each?.id)
      await seenBy(listener, ids.length)
      expect(listener.events.map(({ data }) => data.id).toSorted()).toEqual(ids.toSorted())
      for (const mark of [theirs.id, ...ofOthers.map(({ id }) => id)]) expect(listener.text()).not.toContain(mark)
    }
  })

  it('is refused without a key or with an id that it never gave', async () => {
    expect((await call(`${system.url}/events`, 'GET')).status).toBe(401)
    for (const id of ['x', '0', '0:-1', '0:1,', "1'--"]) {
      const answer = await system.request(mine.key, 'GET', '/events', { headers: { 'last-event-id': id } })
      expect([answer.status, answer.body.errors[0].path]).toEqual([400, '/headers/last-event-id'])
    }
  })

  it('goes on from now where the id names what is not there yet', async () => {
    await using listener = await listen(mine.key, '0:999999999,1:999999999')
    await untilBegun(listener)
    await announce(change(page), change(other))
    await seenBy(listener, 2)
  })

  it('passes over what another program wrote there that is no change', async () => {
    await using listener = await listen(mine.key)
    await untilBegun(listener)
    await system.eventLog.publish(TOPICS.changes, [
      { key: '100', value: 'not JSON', headers: {} },
      { key: '100', value: 'null', headers: {} },
    ])
    await announce(change(page))
    await seenBy(listener, 1)
  })

  it('is forgotten when the caller leaves, and ended when the service stops', async () => {
    await eventually(async () => (await listening()) === 0)
    const listener = await listen(mine.key)
    await untilBegun(listener)
    expect(await listening()).toBe(1)
    await listener[Symbol.asyncDispose]()
    await eventually(async () => (await listening()) === 0)
    const last = await listen(mine.key)
    await untilBegun(last)
    await system.api.close()
    await last.ended
  })
})
