import {
  createMovableClock,
  createSimulator,
  type SimulatorOptions,
} from '@pagesync/graph-simulator/create-simulator.ts'
import type { AppError } from '@pagesync/shared/errors/app-error.ts'
import { createGraphClient } from '@pagesync/shared/graph/graph-client.ts'
import type { GraphConversation, GraphMessage } from '@pagesync/shared/graph/graph-shapes.ts'
import { type BudgetRates, CALL_PRIORITY, createPageBudget, DEFAULT_RATES } from '@pagesync/shared/graph/page-budget.ts'
import { createPageGraph } from '@pagesync/shared/graph/page-graph.ts'
import {
  conversationPlace,
  type ListingPage,
  type ListingState,
  messagePlace,
  readListingPage,
  startListing,
} from '@pagesync/shared/graph/read-listing-page.ts'
import { describe, expect, test } from 'vitest'

/** The Graph client against the simulated Facebook, over HTTP. */

const FAST = { perSecond: 100_000, capacity: 1_000 }
const UNLIMITED: BudgetRates = { conversations: FAST, page: FAST, profile: FAST, send: FAST }
const MINUTE_MS = 60_000

interface CallLog {
  readonly calls: readonly { readonly kind: string; readonly at_ms: number; readonly batched?: boolean }[]
  readonly totals: { readonly cost: number }
  readonly rate: Readonly<Record<string, { readonly in_1s: number; readonly in_10s: number }>>
}

async function setUp(options: SimulatorOptions = {}, rates: BudgetRates = UNLIMITED, appSecret?: string) {
  // One clock for both sides, that stands still: waits pass when a test moves it.
  const clock = createMovableClock(Date.UTC(2026, 5, 1), true)
  const pages = [{ conversations: { count: 60 } }]
  const facebook = await createSimulator({ seed: 42, clock, pages, ...options })
  const client = createGraphClient({
    url: facebook.url,
    version: 'v26.0',
    appSecret: appSecret ?? facebook.app.secret,
    // Back-off between attempts takes no time here.
    clock: { now: clock.now, sleep: async () => undefined },
    timeouts: { headersMs: 300 },
  })
  let waiting = 0
  const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
    waiting++
    await clock.sleep(ms, signal).finally(() => waiting--)
  }
  const budget = createPageBudget(rates, { now: clock.now, sleep })
  const [page] = facebook.pages
  const graph = createPageGraph({
    client,
    budget,
    facebookPageId: page?.facebookPageId ?? '',
    accessToken: page?.accessToken ?? '',
    priority: CALL_PRIORITY.sync,
    signal: new AbortController().signal,
  })
  return {
    clock,
    /** Whether a call waits for its turn. */
    isWaiting: () => waiting > 0,
    facebook,
    budget,
    graph,
    log: () => facebook.control<CallLog>('GET', 'calls'),
    async [Symbol.asyncDispose]() {
      budget.close()
      await client[Symbol.asyncDispose]()
      await facebook.close()
      clock.stop()
    },
  }
}

type Given = Awaited<ReturnType<typeof setUp>>

interface ReadAll {
  readonly limit?: number
  readonly messagesLimit?: number
  readonly folder?: string
  /** After each page, with its number. */
  readonly between?: (page: number, read: ListingPage<GraphConversation>) => Promise<unknown>
}

async function readConversations({ graph }: Given, options: ReadAll = {}): Promise<readonly GraphConversation[]> {
  const { limit = 20, messagesLimit = 0, folder = 'inbox', between } = options
  const found: GraphConversation[] = []
  let state: ListingState | null = startListing()
  for (let pages = 1; state !== null; pages++) {
    const rules = { limit, messagesLimit, placeOf: conversationPlace }
    const read: ListingPage<GraphConversation> = await readListingPage(
      JSON.parse(JSON.stringify(state)),
      rules,
      (ask) => graph.conversations({ folder, ...ask }),
    )
    found.push(...read.items)
    state = read.next
    await between?.(pages, read)
  }
  return found
}

const ids = (items: readonly { readonly id: string }[]): string[] => items.map(({ id }) => id)

async function expectSameCount({ graph, log }: Given): Promise<void> {
  expect(graph.calls()).toBe((await log()).totals.cost)
}

describe('a listing of conversations', () => {
  test('is read whole over short and empty pages, and over one more page at its end', async () => {
    const switches = { shortPages: 'sometimes', trailingNext: true } as const
    await using given = await setUp({ pages: [{ conversations: { count: 230, doneShare: 0 } }], switches })
    let empty = 0
    const found = await readConversations(given, {
      between: async (_page, { items }) => {
        if (items.length === 0) empty++
      },
    })
    expect(new Set(ids(found)).size).toBe(230)
    expect(found).toHaveLength(230)
    expect(empty).toBeGreaterThan(1)
    await expectSameCount(given)
  })

  test('begins anew when all its cursors expire, and delivers each conversation once', async () => {
    await using given = await setUp({ pages: [{ conversations: { count: 90, doneShare: 0 } }] })
    const found = await readConversations(given, {
      between: async (page) => {
        if (page === 3) await given.facebook.control('POST', 'cursors/expire')
      },
    })
    expect(found).toHaveLength(90)
    expect(new Set(ids(found)).size).toBe(90)
    // Five pages, the refused call, and the three pages before it again.
    expect(given.graph.calls()).toBe(9)
    await expectSameCount(given)
  })

  test('begins anew when the conversation at its cursor is deleted', async () => {
    await using given = await setUp({ pages: [{ conversations: { count: 90, doneShare: 0 } }] })
    const found = await readConversations(given, {
      between: async (page, { items }) => {
        if (page === 2) await given.facebook.control('DELETE', `conversations/${items.at(-1)?.id}`)
      },
    })
    expect(found).toHaveLength(90)
    expect(new Set(ids(found)).size).toBe(90)
  })

  test('that began anew shows what came and what moved meanwhile as it is now', async () => {
    await using given = await setUp({ pages: [{ conversations: { count: 90, doneShare: 0 } }] })
    const found = await readConversations(given, {
      between: async (page, { items }) => {
        if (page !== 3) return
        given.clock.advance(5_000)
        const known = items[0]?.participants?.data[0]?.id
        for (const psid of [known, undefined])
          await given.facebook.control('POST', 'messages', { text: 'Hello?', psid })
        await given.facebook.control('POST', 'cursors/expire')
      },
    })
    expect(new Set(ids(found)).size).toBe(91)
    expect(found).toHaveLength(92)
  })

  test('asks for less when Facebook says so, and still gets everything', async () => {
    const pages = [{ conversations: { count: 100, doneShare: 0, longShare: 0, shortMin: 10, shortMax: 10 } }]
    await using given = await setUp({ pages, switches: { maxMessagesPerAnswer: 300 } })
    const found = await readConversations(given, { limit: 100, messagesLimit: 25 })
    expect(new Set(ids(found)).size).toBe(100)
    expect(found.every(({ messages }) => messages?.data.length === 10)).toBe(true)
    const { calls } = await given.log()
    // 100 and 50 are too many, 25 are not: four pages, none of the refused calls repeated as it was.
    expect(calls).toHaveLength(6)
    await expectSameCount(given)
  })

  test('asks for fewer nested messages once it asks for as few conversations as it may', async () => {
    const pages = [{ conversations: { count: 12, doneShare: 0, longShare: 1, longMessages: 60 } }]
    await using given = await setUp({ pages, switches: { maxMessagesPerAnswer: 50 } })
    const found = await readConversations(given, { limit: 10, messagesLimit: 25 })
    expect(new Set(ids(found)).size).toBe(12)
    expect(found.map(({ messages }) => messages?.data.length)).toContain(6)
  })

  test.each(['html', 'empty', 'truncate', 'reset', 'timeout'])(
    'survives two answers of the kind "%s"',
    async (fault) => {
      await using given = await setUp()
      const whole = ids(await readConversations(given))
      await given.facebook.control('POST', 'faults', {
        match: { kind: 'conversations', nth: 2 },
        times: 2,
        action: { [fault]: true },
      })
      const before = given.graph.calls()
      expect(ids(await readConversations(given))).toEqual(whole)
      expect(given.graph.calls() - before).toBe(3 + 2)
      await expectSameCount(given)
    },
  )
})

test('the messages of a conversation are read page by page, each once, over a stale cursor, too', async () => {
  const pages = [{ conversations: { count: 3, doneShare: 0, longShare: 1, longMessages: 250 } }]
  await using given = await setUp({ pages })
  const [conversation] = await readConversations(given)
  const found: string[] = []
  let state: ListingState | null = startListing()
  for (let page = 1; state !== null; page++) {
    const read: ListingPage<GraphMessage> = await readListingPage(state, { limit: 100, placeOf: messagePlace }, (ask) =>
      given.graph.messages(conversation?.id ?? '', ask),
    )
    found.push(...ids(read.items))
    state = read.next
    if (page === 2) await given.facebook.control('POST', 'cursors/expire')
  }
  expect(found).toHaveLength(250)
  expect(new Set(found).size).toBe(250)
})

describe('fields that Facebook refuses', () => {
  test.each([10, 100, 200])('with code %s are found, left out and told', async (code) => {
    await using given = await setUp({ switches: { forbiddenFields: { fan_count: code, phone: code } } })
    const read = await given.graph.page(['name', 'about', 'phone', 'fan_count'])
    expect(read.page).toMatchObject({ name: expect.any(String), about: expect.any(String) })
    expect(new Set(read.droppedFields)).toEqual(new Set(['fan_count', 'phone']))
    const found = given.graph.calls()
    expect(found).toBeLessThanOrEqual(4)
    await given.graph.page(['name', 'about', 'phone', 'fan_count'])
    expect(given.graph.calls()).toBe(found + 1)
    await expectSameCount(given)
  })

  test('do not hide that a permission is missing altogether', async () => {
    await using given = await setUp()
    await given.facebook.control('PUT', 'tokens', { missing_scopes: ['pages_messaging'] })
    const error: AppError = await readConversations(given).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'PERMISSION_MISSING', facebook: { code: 230 } })
  })
})

describe('a dead token', () => {
  test.each([458, 459, 460, 463, 464, 467, 492])('with subcode %s is told after one call', async (subcode) => {
    await using given = await setUp()
    await given.facebook.control('PUT', 'tokens', { subcode })
    await expect(given.graph.page(['name'])).rejects.toMatchObject({
      code: 'FACEBOOK_TOKEN_INVALID',
      facebook: { code: 190, subcode },
    })
    expect(given.graph.calls()).toBe(1)
  })

  test.each(['impersonation', 'session'])('in the state "%s" as well', async (state) => {
    await using given = await setUp()
    await given.facebook.control('PUT', 'tokens', { state })
    await expect(given.graph.page(['name'])).rejects.toMatchObject({ code: 'FACEBOOK_TOKEN_INVALID' })
  })
})

test('every call proves that it knows the app’s secret: a Facebook that asks for it refuses another one', async () => {
  const switches = { requireAppSecretProof: true }
  await using given = await setUp({ switches })
  const [first] = await readConversations(given)
  await given.graph.page(['name'])
  expect((await given.graph.conversationsByIds([first?.id ?? ''])).byId.get(first?.id ?? '')?.error).toBeUndefined()
  await using other = await setUp({ switches }, UNLIMITED, 'another secret')
  await expect(other.graph.page(['name'])).rejects.toMatchObject({ code: 'FACEBOOK_REJECTED', facebook: { code: 100 } })
})

describe('the budget', () => {
  test.each([3, 7])('waits exactly the %s minutes of a refusal, without asking meanwhile', async (minutes) => {
    await using given = await setUp({}, DEFAULT_RATES)
    await given.facebook.control('PUT', 'limits', { kind: 'messenger', throttle: { code: 80006, minutes } })
    const error: AppError = await given.graph.conversations({ limit: 10, messagesLimit: 0 }).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'FACEBOOK_RATE_LIMITED', facebook: { code: 80006 } })
    const waitMs = error.retryAfterMs ?? 0
    expect(waitMs).toBeGreaterThanOrEqual(minutes * MINUTE_MS)

    const next = given.graph.conversations({ limit: 10, messagesLimit: 0 })
    given.clock.advance(waitMs - 1)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await given.log()).calls).toHaveLength(1)
    given.clock.advance(1)
    expect((await next).items).toHaveLength(10)
    const { calls } = await given.log()
    expect((calls[1]?.at_ms ?? 0) - (calls[0]?.at_ms ?? 0)).toBe(waitMs)
  })

  test('lets page details through while Messenger is refused', async () => {
    await using given = await setUp({}, DEFAULT_RATES)
    await given.facebook.control('PUT', 'limits', { kind: 'messenger', throttle: { code: 80006, minutes: 5 } })
    await given.graph.conversations({ limit: 10, messagesLimit: 0 }).catch(() => undefined)
    expect(await given.graph.page(['name'])).toMatchObject({ page: { name: expect.any(String) } })
  })

  test('slows down by the usage headers, and is fast again when they fall', async () => {
    await using given = await setUp({}, DEFAULT_RATES)
    const list = () => given.graph.conversations({ limit: 10, messagesLimit: 0 })
    await given.facebook.control('PUT', 'limits', { kind: 'messenger', percent: 95 })
    await list()
    await given.facebook.control('PUT', 'limits', { kind: 'messenger', percent: 10 })
    const slow = list()
    given.clock.advance(1_999)
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect((await given.log()).calls).toHaveLength(1)
    given.clock.advance(1)
    await slow
    const fast = list()
    given.clock.advance(500)
    await fast
  })

  test('keeps to two conversation calls a second, those of a batch as well, and is never refused', async () => {
    await using given = await setUp({ switches: { enforceConversationRate: true } }, DEFAULT_RATES)
    const reading = readConversations(given, { limit: 10 })
    const listed = await whileTimePasses(given, reading)
    const reads = given.graph.conversationsByIds(ids(listed).slice(0, 10))
    const { byId } = await whileTimePasses(given, reads)
    expect([...byId.values()].every(({ error }) => error === undefined)).toBe(true)
    const { rate } = await given.log()
    // A batch of two may follow half a second after a single call.
    expect(Object.values(rate)[0]?.in_1s).toBeLessThanOrEqual(3)
    expect(Object.values(rate)[0]?.in_10s).toBeLessThanOrEqual(21)
    await expectSameCount(given)
  })
})

describe('many conversations by id', () => {
  test('show their state, one that is gone alone excepted, and each counts once', async () => {
    await using given = await setUp()
    const listed = await readConversations(given)
    const [gone, moved, ...others] = ids(listed)
    await given.facebook.control('DELETE', `conversations/${gone}`)
    await given.facebook.control('PATCH', `conversations/${moved}`, { folder: 'page_done' })
    const before = given.graph.calls()
    const { byId } = await given.graph.conversationsByIds([gone ?? '', moved ?? '', ...others.slice(0, 20)])
    expect(byId.get(gone ?? '')?.error).toMatchObject({ code: 'FACEBOOK_OBJECT_GONE', facebook: { subcode: 33 } })
    expect(byId.get(moved ?? '')?.conversation).toMatchObject({ id: moved, folder: 'page_done' })
    expect([...byId.values()].filter(({ conversation }) => conversation)).toHaveLength(21)
    expect(given.graph.calls() - before).toBe(22)
    expect((await given.log()).calls.filter(({ kind }) => kind === 'batch')).toHaveLength(1)
    await expectSameCount(given)
  })
})

test('profiles: an open one, one that we may not see, one without', async () => {
  const pages = [{ conversations: { count: 40, profileDeniedShare: 0.3, profilePhoneShare: 0.3 } }]
  await using given = await setUp({ pages })
  const seen = { open: 0, empty: 0, none: 0 }
  for (const { participants } of await readConversations(given)) {
    const [person] = participants?.data ?? []
    const read = await given.graph.profile(person?.id ?? '').catch((error: AppError) => error.code)
    if (typeof read === 'object') seen[read.name === null ? 'empty' : 'open']++
    else {
      expect(read).toBe('RECIPIENT_UNAVAILABLE')
      seen.none++
    }
  }
  expect(Math.min(seen.open, seen.empty, seen.none)).toBeGreaterThan(0)
  await expectSameCount(given)
})

/** Moves the clock on in small steps until the work is done; while a call is on its way no time passes. */
async function whileTimePasses<T>({ clock, isWaiting }: Given, work: Promise<T>): Promise<T> {
  let done = false
  const settled = work.finally(() => {
    done = true
  })
  while (!done) {
    await new Promise((resolve) => setTimeout(resolve, 2))
    if (isWaiting()) clock.advance(100)
  }
  return settled
}
