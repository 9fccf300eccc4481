import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { eventually } from '../../support/eventually.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant
let other: TestTenant
let reader: string
let facebookPageId = 100

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
  other = await data.addTenant('Bayon')
  reader = await data.addKey(tenant.id, ['read'])
})
afterAll(() => system?.[Symbol.asyncDispose]())

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
const newPage = (): Promise<PageRow> => data.addPage(tenant, String(facebookPageId++))
const ask = (method: Method, path: string, body?: unknown, key = tenant.key) =>
  system.request(key, method, path, body === undefined ? {} : { body })
const made = async (path: string, name: string, body: unknown) => {
  const answer = await ask('POST', path, body)
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body[name]
}
const newAutomation = (page: PageRow, type: string, more: object = {}) =>
  made(`/pages/${page.id}/automations`, 'automation', { name: type, type, ...more })

const AWAY = { message: 'We are back at 9.', business_hours: { mon: [['09:00', '17:00']] } }

describe('automations', () => {
  it('are made, shown, changed in part, listed and removed with their parts', async () => {
    const page = await newPage()
    const keywords = await newAutomation(page, 'custom_keyword')
    const away = await newAutomation(page, 'away_message', { config: AWAY, is_active: false })
    expect(away).toMatchObject({ type: 'away_message', is_active: false, config: AWAY, order: 0, trigger_count: 0 })
    expect(away.last_triggered_at).toBeNull()
    const changed = await ask('PUT', `/automations/${away.id}`, { is_active: true, name: 'Closed' })
    expect(changed.body.automation).toMatchObject({ id: away.id, name: 'Closed', is_active: true, config: AWAY })

    const listed = await ask('GET', `/pages/${page.id}/automations`)
    expect(listed.body.automations.map(({ id }: { id: number }) => id)).toEqual([away.id, keywords.id])

    const keyword = await made(`/automations/${keywords.id}/keywords`, 'keyword', {
      keyword: 'delivery',
      match_type: 'contains',
      response_message: 'Until 8 pm.',
    })
    expect((await ask('DELETE', `/automations/${keywords.id}`)).body.automation.id).toBe(keywords.id)
    expect((await ask('GET', `/automations/${keywords.id}`)).body.code).toBe('AUTOMATION_NOT_FOUND')
    expect((await ask('PUT', `/keywords/${keyword.id}`, { keyword: 'x' })).body.code).toBe('KEYWORD_NOT_FOUND')
  })

  it('are refused where their config does not fit their type, naming the member', async () => {
    const page = await newPage()
    const answer = await ask('POST', `/pages/${page.id}/automations`, {
      name: 'Closed',
      type: 'away_message',
      config: { message: '', business_hours: {} },
    })
    expect([answer.status, answer.body.errors[0].path]).toEqual([400, '/config/message'])
    const away = await newAutomation(page, 'away_message', { config: AWAY })
    const changed = await ask('PUT', `/automations/${away.id}`, { config: { message: 'x' } })
    expect([changed.status, changed.body.code]).toEqual([400, 'VALIDATION_FAILED'])
    const keyword = { keyword: 'a', match_type: 'exact', response_message: 'b' }
    expect((await ask('POST', `/automations/${away.id}/keywords`, keyword)).status).toBe(400)
  })

  it('are asked in the order that a caller gives, the others after them', async () => {
    const page = await newPage()
    const [a, b, c] = [
      await newAutomation(page, 'custom_keyword'),
      await newAutomation(page, 'faq'),
      await newAutomation(page, 'instant_reply'),
    ]
    const answer = await ask('PUT', `/pages/${page.id}/automations/order`, { ids: [c.id, a.id] })
    expect(answer.body.automations.map(({ id, order }: { id: number; order: number }) => [id, order])).toEqual([
      [c.id, 1],
      [a.id, 2],
      [b.id, 3],
    ])
    const foreign = await newAutomation(await newPage(), 'faq')
    const refused = await ask('PUT', `/pages/${page.id}/automations/order`, { ids: [foreign.id] })
    expect(refused.body.code).toBe('AUTOMATION_NOT_FOUND')
  })

  it('of another tenant are not there, and a key without the scope changes nothing', async () => {
    const page = await newPage()
    const automation = await newAutomation(page, 'instant_reply')
    const reply = await made(`/automations/${automation.id}/instant-replies`, 'instant_reply', {
      trigger: 'new_message',
      message: 'Hello!',
    })
    const faq = await made(`/pages/${page.id}/faqs`, 'faq', { question: 'Open?', answer: 'Yes.' })
    const paths: [Method, string, unknown, string][] = [
      ['GET', `/pages/${page.id}/automations`, undefined, 'PAGE_NOT_FOUND'],
      ['PUT', `/automations/${automation.id}`, { name: 'x' }, 'AUTOMATION_NOT_FOUND'],
      ['DELETE', `/automations/${automation.id}`, undefined, 'AUTOMATION_NOT_FOUND'],
      ['PUT', `/instant-replies/${reply.id}`, { message: 'x' }, 'INSTANT_REPLY_NOT_FOUND'],
      ['GET', `/faqs/${faq.id}`, undefined, 'FAQ_NOT_FOUND'],
      ['DELETE', `/faqs/${faq.id}`, undefined, 'FAQ_NOT_FOUND'],
      ['POST', `/pages/${page.id}/automations/test`, { text: 'x' }, 'PAGE_NOT_FOUND'],
    ]
    for (const [method, path, body, code] of paths) {
      expect((await ask(method, path, body, other.key)).body.code, path).toBe(code)
      if (method !== 'GET') expect((await ask(method, path, body, reader)).status, path).toBe(403)
    }
    expect((await ask('GET', `/automations/${automation.id}`)).status).toBe(200)
  })
})

describe('instant replies and keywords', () => {
  it('have their defaults said, keep what is not named, and get a default back by null', async () => {
    const page = await newPage()
    const greeting = await newAutomation(page, 'instant_reply')
    const path = `/automations/${greeting.id}/instant-replies`
    const reply = await made(path, 'instant_reply', { trigger: 'new_message', message: 'Hello!', delay_seconds: 5 })
    expect(reply).toMatchObject({ delay_seconds: 5, include_name: false, is_active: true, automation_id: greeting.id })
    const changed = await ask('PUT', `/instant-replies/${reply.id}`, { delay_seconds: null, include_name: true })
    expect(changed.body.instant_reply).toMatchObject({ delay_seconds: 0, include_name: true, message: 'Hello!' })
    expect((await ask('GET', path)).body.instant_replies).toHaveLength(1)
    expect((await ask('PUT', `/instant-replies/${reply.id}`, { message: '' })).status).toBe(400)
    await ask('DELETE', `/instant-replies/${reply.id}`)
    expect((await ask('GET', path)).body.instant_replies).toEqual([])
  })

  it('are refused where the patterns of the page would be too large together, of which one would never answer', async () => {
    const page = await newPage()
    const words = await newAutomation(page, 'custom_keyword')
    const path = `/automations/${words.id}/keywords`
    const pattern = { keyword: '(?:abcde){95}', match_type: 'regex', response_message: 'Yes.' }
    const [first] = await Promise.all(Array.from({ length: 4 }, () => made(path, 'keyword', pattern)))
    const refused = await ask('POST', path, pattern)
    expect(refused.status).toBe(400)
    expect(refused.body.errors).toMatchObject([{ path: '/keyword', message: expect.stringContaining('together') }])
    const off = await made(path, 'keyword', { ...pattern, is_active: false })
    expect((await ask('PUT', `/keywords/${off.id}`, { is_active: true })).status).toBe(400)
    expect((await ask('PUT', `/keywords/${first.id}`, { response_message: 'No.' })).status).toBe(200)
    await ask('DELETE', `/keywords/${first.id}`)
    expect((await ask('PUT', `/keywords/${off.id}`, { is_active: true })).status).toBe(200)
  })
})

describe('FAQs', () => {
  const add = (page: PageRow, question: string, more: object = {}) =>
    made(`/pages/${page.id}/faqs`, 'faq', { question, answer: `Answer to ${question}`, ...more })

  it('are listed by category and activity, found by the beginnings of words, and counted by category', async () => {
    const page = await newPage()
    const ship = await add(page, 'Do you ship abroad?', { category: 'Delivery', keywords: ['étranger'] })
    const cost = await add(page, 'What does delivery cost?', { category: 'Delivery', is_active: false })
    const open = await add(page, 'When are you open?')
    const ids = async (path: string) =>
      (await ask('GET', `/pages/${page.id}/${path}`)).body.faqs.map(({ id }: { id: number }) => id)
    expect(await ids('faqs')).toEqual([open.id, cost.id, ship.id])
    expect(await ids('faqs?category=Delivery')).toEqual([cost.id, ship.id])
    expect(await ids('faqs?category=Delivery&is_active=true')).toEqual([ship.id])
    expect(await ids('faqs/search?q=etrang')).toEqual([ship.id])
    expect(await ids('faqs/search?q=cost%20DELIV')).toEqual([cost.id])
    const { body } = await ask('GET', `/pages/${page.id}/faq-categories`)
    expect(body.categories).toEqual([{ name: 'Delivery', faq_count: 2 }])
    const stats = await ask('GET', `/pages/${page.id}/faqs/stats`)
    expect(stats.body).toMatchObject({
      total_faqs: 3,
      total_uses: 0,
      total_helpful: 0,
      total_unhelpful: 0,
      faqs_by_category: { Delivery: 2, '': 1 },
      top_faqs: [],
    })
  })

  it('are found by words that stand in the middle of others, where a script puts no blanks between them', async () => {
    const page = await newPage()
    const khmer = await add(page, 'តើតម្លៃប៉ុន្មាន?')
    const thai = await add(page, 'ขอทราบราคาสินค้า')
    const chinese = await add(page, '请问价格是多少')
    const english = await add(page, 'What is the price of rice?')
    const found = async (q: string) =>
      (await ask('GET', `/pages/${page.id}/faqs/search?q=${encodeURIComponent(q)}`)).body.faqs.map(
        ({ id }: { id: number }) => id,
      )
    expect(await found('តម្លៃ')).toEqual([khmer.id])
    expect(await found('ราคา')).toEqual([thai.id])
    expect(await found('价格 多少？')).toEqual([chinese.id])
    expect(await found('RIC')).toEqual([english.id])
    expect(await found('ice')).toEqual([])
    expect(await found('?')).toEqual([])
  })

  it('come in by the thousand in one request: a bad row is told by its index, the others are there', async () => {
    const page = await newPage()
    const faqs = Array.from({ length: 10_000 }, (_, i) => ({
      question: `Question ${i} about ${'delivery '.repeat(20)}?`,
      answer: `Answer ${i} `.repeat(80),
      category: `Category ${i % 7}`,
    }))
    const bad = [17, 9_998]
    for (const i of bad) faqs[i]!.question = ''
    const body = { faqs }
    expect(JSON.stringify(body).length).toBeGreaterThan(9_000_000)
    const answer = await ask('POST', `/pages/${page.id}/faqs/bulk-import`, body)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ imported_count: 9_998, failed_count: 2 })
    expect(answer.body.errors.map(({ index }: { index: number }) => index)).toEqual(bad)
    expect(answer.body.errors[0].errors[0].path).toBe('/question')
    const stats = await ask('GET', `/pages/${page.id}/faqs/stats`)
    expect(stats.body.total_faqs).toBe(9_998)

    const more = await ask('POST', `/pages/${page.id}/faqs/bulk-import`, { faqs: faqs.slice(20, 30) })
    expect(more.body).toMatchObject({ imported_count: 2, failed_count: 8 })
    const full = await ask('POST', `/pages/${page.id}/faqs`, { question: 'One more?', answer: 'No.' })
    expect(full.status).toBe(400)
  }, 60_000)

  it('are imported up to 16 MiB a request, while other routes keep their own limit', async () => {
    const page = await newPage()
    const tooLarge = { faqs: [{ question: 'a', answer: 'x'.repeat(17_000_000) }] }
    expect((await ask('POST', `/pages/${page.id}/faqs/bulk-import`, tooLarge)).status).toBe(413)
    const large = { question: 'a', answer: 'x'.repeat(100_000) }
    expect((await ask('POST', `/pages/${page.id}/faqs`, large)).status).toBe(413)
  })
})

describe('FAQs that come as a stream', () => {
  const faq = (i: number) => JSON.stringify({ question: `Question ${i}?`, answer: 'Yes. '.repeat(100) })
  const many = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => faq(from + i)).join()
  const totalOf = async (page: PageRow) => (await ask('GET', `/pages/${page.id}/faqs/stats`)).body.total_faqs
  const post = (page: PageRow, body: string | ReadableStream, signal?: AbortSignal) =>
    fetch(`${system.url}/pages/${page.id}/faqs/bulk-import`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.key}`, 'content-type': 'application/json' },
      body,
      ...(signal ? { signal } : {}),
      duplex: 'half',
    } as RequestInit)
  /** Sends a part, and the next once the caller lets it. */
  function inParts() {
    let controller: ReadableStreamDefaultController<Uint8Array>
    const stream = new ReadableStream<Uint8Array>({
      start(given) {
        controller = given
      },
    })
    return {
      stream,
      send: (text: string) => controller.enqueue(new TextEncoder().encode(text)),
      end: () => controller.close(),
    }
  }

  it('are added while the rest is on its way', async () => {
    const page = await newPage()
    const body = inParts()
    const answering = post(page, body.stream)
    body.send(`{"faqs": [${many(0, 2_000)}`)
    await eventually(async () => (await totalOf(page)) >= 1_000)
    body.send(`,{"question": ""},${many(2_000, 2_100)}]}`)
    body.end()
    const answer = await answering
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ imported_count: 2_100, failed_count: 1, errors: [{ index: 2_000 }] })
    expect(await totalOf(page)).toBe(2_100)
  })

  it('are not there when the body breaks off, is no JSON after all, or too large', async () => {
    const page = await newPage()
    const broken = await post(page, `{"faqs": [${many(0, 2_000)},{"question": "Is th`)
    expect(broken.status).toBe(400)
    expect(await broken.json()).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ path: '/', message: 'is not JSON' }],
    })
    const late = await post(page, `{"faqs": [${many(0, 2_000)}], "more": 1}`)
    expect(await late.json()).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: '/more' }] })
    expect((await post(page, `{"faqs": [${many(0, 10_001)}]}`)).status).toBe(400)
    expect((await post(page, '{"faqs": []}')).status).toBe(400)
    expect(await totalOf(page)).toBe(0)

    const cut = new AbortController()
    const body = inParts()
    const answering = post(page, body.stream, cut.signal)
    body.send(`{"faqs": [${many(0, 2_000)}`)
    await eventually(async () => (await totalOf(page)) >= 1_000)
    cut.abort()
    await expect(answering).rejects.toThrow()
    await eventually(async () => (await totalOf(page)) === 0)
  })

  it('are refused above 16 MiB also where their length is not told', async () => {
    const page = await newPage()
    const body = inParts()
    const answering = post(page, body.stream)
    body.send(`{"faqs": [${many(0, 600)}`)
    const large = JSON.stringify({ question: 'x'.repeat(1_000_000), answer: 'y' })
    for (let i = 0; i < 17; i++) body.send(`,${large}`)
    expect((await answering).status).toBe(413)
    body.end()
    await eventually(async () => (await totalOf(page)) === 0)
  })
})

describe('the dry run', () => {
  it('says which rule would answer, and of each why or why not', async () => {
    const page = await newPage()
    const automation = await newAutomation(page, 'custom_keyword')
    const keyword = await made(`/automations/${automation.id}/keywords`, 'keyword', {
      keyword: 'ship',
      match_type: 'contains',
      response_message: 'Yes, everywhere.',
    })
    const path = `/pages/${page.id}/automations/test`
    const hit = await ask('POST', path, { text: 'do you ship?', at: '2026-01-08T10:30:00Z' })
    expect(hit.body).toMatchObject({
      success: true,
      would_answer: true,
      action: { automation_id: automation.id, part_id: keyword.id, text: 'Yes, everywhere.' },
    })
    expect(hit.body.reasons.map(({ code }: { code: string }) => code)).toContain('answers')
    await ask('PUT', `/keywords/${keyword.id}`, { keyword: 'boat' })
    const miss = await ask('POST', path, { text: 'do you ship?' })
    expect(miss.body).toMatchObject({ would_answer: false, action: null })
    expect(miss.body.reasons.length).toBeGreaterThan(0)
    expect((await ask('POST', path, { text: 'x', at: '2026-02-31T99:00:00Z' })).status).toBe(400)
  })
})
