import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, T0_MS, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant
let facebookPageId = 100

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
})
afterAll(() => system?.[Symbol.asyncDispose]())

const newPage = (): Promise<PageRow> => data.addPage(tenant, String(facebookPageId++))

interface Item {
  readonly id: number
}

/** Reads a list to its end, as a caller does. */
async function readAll(path: string, name: string, between: () => Promise<unknown> = async () => undefined) {
  const items: Item[] = []
  const sizes: number[] = []
  const separator = path.includes('?') ? '&' : '?'
  for (let cursor: string | null = ''; cursor !== null; ) {
    const { status, body } = await system.request(
      tenant.key,
      'GET',
      `${path}${separator}${cursor && `cursor=${cursor}`}`,
    )
    expect(status, JSON.stringify(body)).toBe(200)
    items.push(...body[name])
    sizes.push(body[name].length)
    cursor = body.next_cursor
    await between()
  }
  return { ids: items.map(({ id }) => id), sizes }
}

const rising = (ids: readonly number[]): number[] => ids.toSorted((a, b) => a - b)

describe('conversations', () => {
  it('come by activity, the newest first, and by rising id with sort=id', async () => {
    const page = await newPage()
    const rows = await data.addConversations(page, 7, (i) => ({
      last_message_ms: i === 3 ? null : T0_MS + ((i * 5) % 7),
    }))
    const byActivity = rows
      .toSorted((a, b) => (b.last_message_ms ?? -1) - (a.last_message_ms ?? -1))
      .map(({ id }) => id)
    const path = `/pages/${page.id}/conversations`
    expect((await readAll(`${path}?limit=2`, 'conversations')).ids).toEqual(byActivity)
    expect((await readAll(`${path}?limit=2&sort=activity`, 'conversations')).ids).toEqual(byActivity)
    expect((await readAll(`${path}?limit=2&sort=id`, 'conversations')).ids).toEqual(rising(byActivity))
  })

  it('with sort=id are complete and each comes once, whatever is inserted meanwhile', async () => {
    const page = await newPage()
    const rows = await data.addConversations(page, 60)
    let rounds = 0
    const { ids } = await readAll(`/pages/${page.id}/conversations?limit=7&sort=id`, 'conversations', async () => {
      if (rounds++ < 5) await data.addConversations(page, 4)
    })
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(expect.arrayContaining(rows.map(({ id }) => id)))
    expect(ids).toEqual(rising(ids))
  })

  it('can be filtered by status, folder and whether they are answered', async () => {
    const page = await newPage()
    const rows = await data.addConversations(page, 40, (i) => ({
      status: i % 4 === 0 ? 'closed' : 'open',
      folder: i % 5 === 0 ? 'page_done' : 'inbox',
      last_message_direction: i % 2 === 0 ? 'out' : 'in',
      last_message_automatic: i % 6 === 0,
    }))
    const path = `/pages/${page.id}/conversations?limit=3&sort=id`
    const expected = (keep: (i: number) => boolean): number[] => rows.filter((_row, i) => keep(i)).map(({ id }) => id)
    const filtered = async (query: string) => (await readAll(`${path}&${query}`, 'conversations')).ids
    expect(await filtered('status=closed')).toEqual(expected((i) => i % 4 === 0))
    expect(await filtered('folder=page_done')).toEqual(expected((i) => i % 5 === 0))
    expect(await filtered('is_answered=true')).toEqual(expected((i) => i % 2 === 0 && i % 6 !== 0))
    expect(await filtered('is_answered=false&status=open&folder=inbox')).toEqual(
      expected((i) => !(i % 2 === 0 && i % 6 !== 0) && i % 4 !== 0 && i % 5 !== 0),
    )
    expect(await filtered('folder=spam')).toEqual([])
  })

  it('with a filter that fits little are read in bounded steps: short pages that go on, to the last one', async () => {
    const page = await newPage()
    const rows: Item[] = []
    for (let part = 0; part < 3; part++)
      rows.push(
        ...(await data.addConversations(page, 2_000, (i) => ({
          status: part === 2 && i >= 1_998 ? 'archived' : 'open',
        }))),
      )
    const { ids, sizes } = await readAll(`/pages/${page.id}/conversations?status=archived&sort=id`, 'conversations')
    expect(ids).toEqual(rows.slice(-2).map(({ id }) => id))
    expect(sizes).toEqual([0, 2])
  })

  it('name a person whom only the contact names', async () => {
    const page = await newPage()
    const [row] = await data.addConversations(page, 1, () => ({ participant_name: null }))
    const listed = await system.request(tenant.key, 'GET', `/pages/${page.id}/conversations`)
    const shown = await system.request(tenant.key, 'GET', `/conversations/${row!.id}`)
    expect(listed.body.conversations[0].participant.name).toMatch(/^Contact/)
    expect(shown.body.conversation.participant).toEqual(listed.body.conversations[0].participant)
  })
})

describe('messages', () => {
  it('come newest first, and with sort=id by rising id, complete while a sync adds older ones', async () => {
    const page = await newPage()
    const [conversation] = await data.addConversations(page, 1)
    const rows = await data.addMessages(conversation!, 50, (i) => ({ created_ms: T0_MS + ((i * 17) % 50) * 1000 }))
    const path = `/conversations/${conversation!.id}/messages?limit=8`
    const newestFirst = rows.toSorted((a, b) => b.created_ms - a.created_ms).map(({ id }) => id)
    expect((await readAll(path, 'messages')).ids).toEqual(newestFirst)
    let rounds = 0
    const { ids } = await readAll(`${path}&sort=id`, 'messages', async () => {
      if (rounds++ < 4) await data.addMessages(conversation!, 3, (i) => ({ created_ms: T0_MS - i * 1000 }))
    })
    expect(ids).toEqual(rising(ids))
    expect(ids).toEqual(expect.arrayContaining(newestFirst))
  })

  it('of the same millisecond are all listed, however small the page', async () => {
    const page = await newPage()
    const [conversation] = await data.addConversations(page, 1)
    const rows = await data.addMessages(conversation!, 11, () => ({ created_ms: T0_MS }))
    const { ids } = await readAll(`/conversations/${conversation!.id}/messages?limit=2`, 'messages')
    expect(rising(ids)).toEqual(rows.map(({ id }) => id))
  })

  it('are 50 unless the caller says otherwise, at most 200', async () => {
    const page = await newPage()
    const [conversation] = await data.addConversations(page, 1)
    await data.addMessages(conversation!, 230)
    const path = `/conversations/${conversation!.id}/messages`
    expect((await readAll(path, 'messages')).sizes).toEqual([50, 50, 50, 50, 30])
    expect((await readAll(`${path}?limit=200`, 'messages')).sizes).toEqual([200, 30])
    for (const limit of ['0', '201', '-1', '1.5', 'all', '']) {
      const { status, body } = await system.request(tenant.key, 'GET', `${path}?limit=${limit}`)
      expect(status, limit).toBe(400)
      expect(body.errors[0].path).toBe('/query/limit')
    }
  })
})

describe('contacts and pages', () => {
  it('come newest first, and by rising id with sort=id', async () => {
    const page = await newPage()
    await data.addConversations(page, 9)
    const path = `/pages/${page.id}/contacts?limit=4`
    const byId = (await readAll(`${path}&sort=id`, 'contacts')).ids
    expect(byId).toHaveLength(9)
    expect(byId).toEqual(rising(byId))
    expect((await readAll(path, 'contacts')).ids).toEqual(byId.toReversed())
    const pages = (await readAll('/pages?limit=3&sort=id', 'pages')).ids
    expect(pages).toEqual(rising(pages))
    expect((await readAll('/pages?limit=3', 'pages')).ids).toEqual(pages.toReversed())
  })
})

describe('a cursor', () => {
  it('belongs to its list and its order', async () => {
    const page = await newPage()
    await data.addConversations(page, 3)
    const path = `/pages/${page.id}/conversations`
    const { body } = await system.request(tenant.key, 'GET', `${path}?limit=1`)
    for (const other of [
      `${path}?sort=id&cursor=${body.next_cursor}`,
      `/pages/${page.id}/contacts?cursor=${body.next_cursor}`,
      `/commands?cursor=${body.next_cursor}`,
      `${path}?cursor=%7B%7D`,
      `${path}?cursor=${Buffer.from('{"list":"conversations/activity","at":{"_id":{"$gt":""}}}').toString('base64url')}`,
    ]) {
      const answer = await system.request(tenant.key, 'GET', other)
      expect(answer.status, other).toBe(400)
      expect(answer.body.errors[0].path).toBe('/query/cursor')
    }
  })
})

describe('searching by name', () => {
  const idsFound = async (path: string, name: string) => (await readAll(path, name)).ids.toSorted((a, b) => a - b)

  it('finds conversations by words that begin so, whatever case and accents, also where the contact alone has the name', async () => {
    const page = await newPage()
    const names = ['José Ñuñez', 'Sokha Chea', null, 'Chea Dara']
    const rows = await data.addConversations(page, 4, (i) => ({ participant_name: names[i]! }))
    const ids = rows.map(({ id }) => id)
    const search = (q: string) =>
      idsFound(`/pages/${page.id}/conversations?q=${encodeURIComponent(q)}`, 'conversations')
    expect(await search('nun')).toEqual([ids[0]])
    expect(await search('CHE')).toEqual([ids[1], ids[3]])
    expect(await search('che sok')).toEqual([ids[1]])
    expect(await search('hea')).toEqual([])
    expect(await search('contact')).toEqual([ids[2]])
    expect(await search('%.*')).toEqual([])
  })

  it('finds contacts by name and by tag', async () => {
    const page = await newPage()
    await data.addConversations(page, 3)
    const all = (await system.request(tenant.key, 'GET', `/pages/${page.id}/contacts?sort=id`)).body.contacts
    await system.request(tenant.key, 'PUT', `/contacts/${all[1].id}`, {
      body: { name: 'Élodie Martin', tags: ['wholesale'] },
    })
    expect(await idsFound(`/pages/${page.id}/contacts?q=elo`, 'contacts')).toEqual([all[1].id])
    expect(await idsFound(`/pages/${page.id}/contacts?tag=wholesale`, 'contacts')).toEqual([all[1].id])
    expect(await idsFound(`/pages/${page.id}/contacts?tag=vip&q=contact`, 'contacts')).toEqual([all[0].id, all[2].id])
    for (const query of ['q=', `q=${'x'.repeat(101)}`, 'tag=', 'name=x'])
      expect((await system.request(tenant.key, 'GET', `/pages/${page.id}/contacts?${query}`)).status).toBe(400)
  })
})
