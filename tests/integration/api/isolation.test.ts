import type { ApiRoute } from '@pagesync/api/create-api.ts'
import { ALL_SCOPES } from '@pagesync/shared/store/repositories/tenants.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { callRoute, type RouteAnswer } from '../../support/call-route.ts'
import { ROUTE_CALLS } from '../../support/route-calls.ts'
import { badKeys, createThings, NEVER_GIVEN, nobodysThings, type Things } from '../../support/tenant-things.ts'

const BASE_PATH = '/api/facebook'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let mine: TestTenant
let theirs: TestTenant
let bad: Readonly<Record<string, string>>
/** What the matrix asks for: the things of `theirs`, all of one page. */
let things: Things
/** A key of `theirs` with every scope, for another page than that of the things. */
let otherPageKey: string

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  mine = await data.addTenant('Mine')
  theirs = await data.addTenant('Theirs')
  bad = await badKeys(system, theirs)
  things = createThings(system, theirs)
  const other = await data.addPage(theirs, '39999')
  otherPageKey = await data.addKey(theirs.id, ALL_SCOPES, [other.id])
  for (const kind of ['conversation', 'contact', 'comment', 'command', 'deadLetter', 'apiKey'] as const)
    await things.make(kind)
})
afterAll(() => system?.[Symbol.asyncDispose]())

const registered = (): readonly ApiRoute[] =>
  system.api.routes.filter(({ method, path }) => method !== 'HEAD' && path.startsWith(BASE_PATH))
const nameOf = ({ method, path }: ApiRoute): string => `${method} ${path.slice(BASE_PATH.length)}`

function routeOf(name: string): ApiRoute {
  const route = registered().find((each) => nameOf(each) === name)
  if (!route) throw new Error(`${name} is in tests/support/route-calls.ts and is no route`)
  return route
}

/** But for its own request id and the id that was asked for, which differ by themselves. */
function comparable({ status, body, ids }: RouteAnswer): string {
  const withoutIds = (text: string): string => ids.reduce((left, id) => left.replaceAll(id, 'ID'), text)
  const { message, detail } = body
  return JSON.stringify({
    ...body,
    status: [status, body.status],
    message: withoutIds(message),
    detail: withoutIds(detail),
    request_id: '',
  })
}

function expectNothingOf(hidden: readonly string[], { text }: RouteAnswer, what: string): void {
  for (const mark of hidden) expect(text.includes(mark), `${what} shows ${mark}: ${text.slice(0, 500)}`).toBe(false)
}

it('knows how to call every route there is: a new one needs its line in tests/support/route-calls.ts', () => {
  expect(registered().map(nameOf).sort()).toEqual(Object.keys(ROUTE_CALLS).sort())
})

it('only what says why is open to everybody', () => {
  const open = registered().filter(({ access }) => access === 'public' || access === null)
  const explained = Object.entries(ROUTE_CALLS).filter(([, { open: why }]) => why !== undefined)
  expect(open.map(nameOf).sort()).toEqual(explained.map(([name]) => name).sort())
})

const guarded = Object.keys(ROUTE_CALLS).filter((name) => ROUTE_CALLS[name]?.open === undefined)

describe.each(guarded)('%s', (name) => {
  it('answers all bad keys alike: 401, without a hint', async () => {
    const route = routeOf(name)
    const tokens = Object.entries(bad)
    if (route.access !== 'operator' && route.access !== 'admin-or-operator') tokens.push(['operator', OPERATOR_TOKEN])
    const answers = new Set<string>()
    for (const [what, token] of tokens) {
      const answer = await callRoute(system, name, token, things)
      expect(answer.status, `${what}: ${answer.text}`).toBe(401)
      expect(answer.headers['www-authenticate']).toBe('Bearer')
      answers.add(comparable(answer))
    }
    expect([...answers]).toHaveLength(1)
  })

  it("a key without the scope gets 403, for the tenant's own as for what is not there", async () => {
    const { access } = routeOf(name)
    const needed = access === 'admin-or-operator' ? 'admin' : access
    const key = await data.addKey(
      theirs.id,
      ALL_SCOPES.filter((scope) => scope !== needed),
    )
    for (const of of [things, nobodysThings(theirs)])
      expect(await callRoute(system, name, key, of)).toMatchObject({
        status: 403,
        body: { success: false, code: 'FORBIDDEN' },
      })
  })

  it("another tenant's key finds nothing there", async () => {
    if (routeOf(name).access === 'operator') {
      expect(await callRoute(system, name, mine.key, things)).toMatchObject({ status: 403 })
      return
    }
    await expectHidden(name, mine.key)
  })

  it('a key for another page finds nothing there', async () => {
    const { access, wholeTenant } = routeOf(name)
    if (access === 'operator' || wholeTenant)
      expect(await callRoute(system, name, otherPageKey, things)).toMatchObject({ status: 403 })
    else await expectHidden(name, otherPageKey)
  })

  it('its owner is answered, so nothing of this was refused for its form', async () => {
    const { access } = routeOf(name)
    const answer = await callRoute(system, name, access === 'operator' ? OPERATOR_TOKEN : theirs.key, things)
    const { ok } = ROUTE_CALLS[name]!
    if (ok === undefined) expect(answer.status, answer.text).toBeLessThan(300)
    else expect(answer.status, answer.text).toBe(ok)
  })
})

/** What names an id is answered as if nobody had it; what names none shows nothing of what is hidden. */
async function expectHidden(name: string, key: string): Promise<void> {
  const answer = await callRoute(system, name, key, things)
  if (answer.ids.length > 0) {
    expect(answer.status, answer.text).toBe(404)
    expect(comparable(answer)).toBe(comparable(await callRoute(system, name, key, nobodysThings(theirs))))
  }
  const { query, showsOwnTries } = ROUTE_CALLS[name]!
  if (answer.ids.length > 0 && query === undefined) return
  const unasked = await callRoute(system, name, key, things, { withoutIds: true })
  if (unasked.ids.length === 0) expectNothingOf(showsOwnTries ? [theirs.id] : await things.marks(), unasked, name)
}

it('the marks of what is hidden do stand where it is not hidden', async () => {
  const marks = await things.marks()
  const shows = async (name: string): Promise<boolean> => {
    const { text } = await callRoute(system, name, theirs.key, things, { withoutIds: true })
    return marks.some((mark) => text.includes(mark))
  }
  for (const name of ['GET /pages', 'GET /commands', 'GET /dead-letters', 'GET /api-keys'])
    expect(await shows(name), name).toBe(true)
  expect(NEVER_GIVEN in marks).toBe(false)
})
