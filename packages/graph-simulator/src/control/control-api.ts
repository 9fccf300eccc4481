import { Type } from '@sinclair/typebox'
import { FaultSchema } from '../faults/fault-schema.ts'
import type { World } from '../world.ts'
import { ControlError, type ControlRequest, checked } from './control-request.ts'
import * as conversations from './conversation-control.ts'
import * as limits from './limit-control.ts'
import { makeEvent, makeEvents } from './make-event.ts'
import * as pages from './page-control.ts'
import { changePerson } from './people-control.ts'
import * as tokens from './token-control.ts'
import type { Traffic } from './traffic.ts'
import * as webhooks from './webhook-control.ts'
import { writeMessage } from './write-message.ts'

/** What the control API acts on; `reset` puts a new world in place. */
export interface Controlled {
  world: World
  readonly traffic: Traffic
  reset(): void
}

type Handler = (world: World, request: ControlRequest, id: string, controlled: Controlled) => unknown

interface ControlRoute {
  readonly route: string
  readonly about: string
  readonly run: Handler
}

const route = (name: string, about: string, run: Handler): ControlRoute => ({ route: name, about, run })

const sinceOf = ({ query }: ControlRequest): number => {
  const since = Number(query.get('since') ?? 0)
  if (Number.isInteger(since) && since >= 0) return since
  throw new ControlError(400, 'The request is not valid', ['since: a whole number from 0'])
}

const addFaults = (world: World, body: unknown) => {
  const faults = checked(Type.Array(FaultSchema, { maxItems: 100 }), Array.isArray(body) ? body : [body])
  try {
    return { ids: faults.map((fault) => world.faults.add(fault)) }
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new ControlError(400, 'The request is not valid', [`/match/path: ${error.message}`])
    throw error
  }
}

const EventsSchema = Type.Object(
  {
    events: Type.Array(Type.Unknown(), { minItems: 1, maxItems: 1_000 }),
    deliveries: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  },
  { additionalProperties: false },
)

/** Every call of the control API; the README lists the same, and a test compares. */
export const CONTROL_ROUTES: readonly ControlRoute[] = [
  route('POST messages', 'a customer writes; the webhook is delivered', (world, { body }) => writeMessage(world, body)),
  route('DELETE messages/:id', 'a message is gone, without a webhook', (world, _request, id) =>
    conversations.deleteMessage(world, id),
  ),
  route('POST page-messages', 'somebody answers in Facebook’s inbox; the echo is delivered', (world, { body }) =>
    pages.writePageMessage(world, body),
  ),
  route('POST events', 'an event of any other kind', (world, { body }) => makeEvent(world, body)),
  route('POST events/batch', 'several events in one body', (world, { body }) => {
    const { events, deliveries = 1 } = checked(EventsSchema, body)
    return makeEvents(world, events, deliveries)
  }),
  route('POST traffic', 'customers write at a rate', (world, { body }, _id, { traffic }) => traffic.start(world, body)),
  route('GET traffic', 'runs of traffic', (_world, _request, _id, { traffic }) => ({ traffic: traffic.list() })),
  route('DELETE traffic', 'ends all traffic', (_world, _request, _id, { traffic }) => ({ stopped: traffic.stop() })),
  route('DELETE traffic/:id', 'ends one run', (_world, _request, id, { traffic }) => ({
    stopped: traffic.stop(Number(id)),
  })),

  route('GET calls', 'the Graph calls that were received', (world, request) => ({
    calls: world.calls.list(sinceOf(request)),
    totals: world.calls.totals(),
    rate: world.usage.rates.peaks(),
  })),
  route('DELETE calls', 'forgets them, totals and rates too', (world) => {
    world.calls.clear()
    world.usage.rates.clear()
    return { cleared: true }
  }),
  route('GET sent', 'every message that a customer got', (world, request) => ({
    sent: world.sent.list(sinceOf(request)),
    total: world.sent.total(),
  })),
  route('DELETE sent', 'forgets them', (world) => {
    world.sent.clear()
    return { cleared: true }
  }),

  route('GET conversations', 'the conversations of a page', (world, { query }) =>
    conversations.listConversationDumps(world, query),
  ),
  route('POST conversations', 'a new thread without a message', (world, { body }) =>
    conversations.newConversation(world, body),
  ),
  route('GET conversations/:id', 'all of one conversation, by thread id or PSID', (world, { query }, id) =>
    conversations.readConversationDump(world, id, query),
  ),
  route('PATCH conversations/:id', 'people move it to a folder, read it, …', (world, { body }, id) =>
    conversations.changeConversation(world, id, body),
  ),
  route('DELETE conversations/:id', 'it is gone from Facebook', (world, { query }, id) =>
    conversations.deleteConversation(world, id, query),
  ),
  route('PUT people', 'what a person lets the page do and see', (world, { body }) => changePerson(world, body)),
  route('POST cursors/expire', 'every paging cursor of before is stale', (world) => {
    world.cursorAge++
    return { expired: true }
  }),

  route('GET pages', 'the pages', (world) => pages.listPages(world)),
  route('POST pages', 'one more page', (world, { body }) => pages.newPage(world, body)),
  route('PATCH pages/:id', 'changes a page’s details or subscription', (world, { body }, id) =>
    pages.changePage(world, id, body),
  ),
  route('GET tokens', 'the tokens', (world) => tokens.listTokens(world)),
  route('POST tokens', 'a fresh token', (world, { body }) => tokens.newToken(world, body)),
  route('PUT tokens', 'a token dies, comes back, loses permissions', (world, { body }) =>
    tokens.changeTokens(world, body),
  ),
  route('GET app', 'the app', (world) => webhooks.readApp(world)),
  route('PUT app', 'changes secret, verify token, callback or fields', (world, { body }) =>
    webhooks.changeApp(world, body),
  ),

  route('GET webhooks', 'deliveries and alerts', (world, request) => ({
    webhooks: world.webhooks.log.list(sinceOf(request)),
    alerts: world.webhooks.alerts.list(),
    totals: world.webhooks.totals(),
  })),
  route('DELETE webhooks', 'forgets them', (world) => {
    world.webhooks.log.clear()
    world.webhooks.alerts.clear()
    return { cleared: true }
  }),
  route('POST webhooks/hold', 'collects webhooks instead of sending them', (world) => {
    world.webhooks.hold()
    return { holding: true }
  }),
  route('POST webhooks/release', 'sends them, in another order or several in a body', (world, { body }) =>
    webhooks.releaseWebhooks(world, body),
  ),
  route('POST webhooks/raw', 'sends any bytes', (world, { body }) => webhooks.sendRaw(world, body)),

  route('GET clock', 'the simulator’s time', (world) => limits.readClock(world)),
  route('POST clock', 'moves it', (world, { body }) => limits.moveClock(world, body)),
  route('GET faults', 'what will go wrong', (world) => ({ faults: world.faults.list() })),
  route('POST faults', 'makes calls go wrong', (world, { body }) => addFaults(world, body)),
  route('DELETE faults', 'nothing goes wrong any more', (world) => {
    world.faults.clear()
    return { cleared: true }
  }),
  route('DELETE faults/:id', 'takes one back', (world, _request, id) => ({ removed: world.faults.remove(Number(id)) })),
  route('GET switches', 'how Facebook behaves', (world) => world.switches),
  route('PUT switches', 'changes some', (world, { body }) => limits.changeSwitches(world, body)),
  route('DELETE switches', 'all back to their defaults', (world) => limits.resetSwitches(world)),
  route('PUT limits', 'usage in the headers, or refusals for some minutes', (world, { body }) =>
    limits.changeLimits(world, body),
  ),
  route('POST reset', 'everything as at the start', (_world, _request, _id, controlled) => {
    controlled.reset()
    return { reset: true }
  }),
]

const BY_NAME = new Map(CONTROL_ROUTES.map((one) => [one.route, one]))

/** Runs one call of the control API. */
export async function control(controlled: Controlled, request: ControlRequest): Promise<unknown> {
  const { method, path } = request
  if (path.length === 0 && method === 'GET')
    return { routes: CONTROL_ROUTES.map(({ route: name, about }) => ({ route: name, about })) }
  const found =
    BY_NAME.get(`${method} ${path.join('/')}`) ??
    (path.length === 2 ? BY_NAME.get(`${method} ${path[0]}/:id`) : undefined)
  if (found === undefined)
    throw new ControlError(404, `There is no ${method} /_control/${path.join('/')}; GET /_control lists all calls`)
  return found.run(controlled.world, request, path[1] ?? '', controlled)
}
