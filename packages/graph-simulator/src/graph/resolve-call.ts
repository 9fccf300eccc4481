import type { AccessToken } from '../data/token-registry.ts'
import type { SimulatedPage, World } from '../world.ts'
import { exchangeToken } from './access-token.ts'
import { readApp, readSubscriptions, subscribeApp, unsubscribeApp } from './app-node.ts'
import { runBatch } from './batch.ts'
import type { CallKind } from './call-log.ts'
import { readConversation, readMessage, readMessages } from './conversation-node.ts'
import { conversationsEdge } from './conversations-edge.ts'
import { debugToken } from './debug-token.ts'
import { GraphError, unsupported } from './graph-error.ts'
import type { GraphContext, GraphRequest } from './graph-request.ts'
import * as labels from './labels.ts'
import { readAccounts, readUser } from './me-node.ts'
import { moderateConversations } from './moderate-conversations.ts'
import { readMany } from './multiple-ids.ts'
import { readPage, updatePage } from './page-node.ts'
import { conversationOfThread, messageOfId, personOfPsid } from './people.ts'
import { readProfile } from './profile-node.ts'
import { nonExisting } from './select-fields.ts'
import { sendToPerson } from './send-message.ts'
import { readSubscribedApps, subscribePage, unsubscribePage } from './subscribed-apps.ts'
import * as thread from './thread-control.ts'

export interface ResolvedCall {
  readonly kind: CallKind
  readonly page: SimulatedPage | null
  /** False for the calls that make tokens. */
  readonly needsToken: boolean
  readonly run: (context: GraphContext) => unknown
}

type Run = ResolvedCall['run']
type Edges = Record<string, Partial<Record<string, readonly [kind: CallKind, run: Run]>>>

const MESSAGES_SEND_KIND = (request: GraphRequest): CallKind =>
  request.parameters.sender_action === undefined ? 'send' : 'sender_action'

/** Which call of Facebook's a request is. Everything that Facebook does not have ends in 100/33 or in an unknown field. */
export function resolveCall(world: World, request: GraphRequest, token: AccessToken | undefined): ResolvedCall {
  const { method, path } = request
  const page = token?.pageId === undefined ? null : (world.pages.get(token.pageId) ?? null)
  const call = (kind: CallKind, run: Run, of: SimulatedPage | null = page, needsToken = true): ResolvedCall => ({
    kind,
    page: of,
    needsToken,
    run,
  })
  const [first, edge] = path
  if (first === undefined) {
    if (request.parameters.batch !== undefined && method === 'POST') return call('batch', runBatch)
    if (request.parameters.ids !== undefined && method === 'GET')
      return call('multiple_ids', (context) => readMany(context, undefined))
    return call('unsupported', () => {
      throw unsupported(method, '/')
    })
  }
  if (first === 'oauth' && edge === 'access_token') return call('access_token', exchangeToken, null, false)
  if (first === 'debug_token') return call('debug_token', debugToken)
  if (request.parameters.ids !== undefined && method === 'GET' && path.length === 1 && edge === undefined) {
    return call('multiple_ids', (context) => readMany(context, first))
  }
  if (path.length > 2) return unknownPath(request, page)

  const id = first === 'me' ? meOf(token, world) : first
  const edges = edgesOf(world, id, page, request)
  if (edges === undefined) return call('unsupported', () => refuseUnknown(request, id))
  const entry = edges.edges[edge ?? '']?.[method]
  if (entry !== undefined) return call(entry[0], entry[1], edges.page)
  return {
    ...call('unsupported', () => refuseEdge(request, id, edge, edges.type)),
    page: edges.page,
  }
}

const meOf = (token: AccessToken | undefined, world: World): string =>
  token?.pageId ?? (token?.kind === 'user' ? world.user.id : 'me')

function unknownPath({ path }: GraphRequest, page: SimulatedPage | null): ResolvedCall {
  return {
    kind: 'unsupported',
    page,
    needsToken: true,
    run: () => {
      throw new GraphError(2500, `Unknown path components: /${path.slice(1).join('/')}`)
    },
  }
}

const refuseUnknown = ({ method }: GraphRequest, id: string): never => {
  throw unsupported(method, id)
}

/** Facebook reads an unknown edge as a field when it is read, and knows no such request when it is written. */
const refuseEdge = ({ method }: GraphRequest, id: string, edge: string | undefined, type: string): never => {
  throw method === 'GET' && edge !== undefined ? nonExisting(edge, type) : unsupported(method, id)
}

interface Node {
  readonly type: string
  readonly page: SimulatedPage | null
  readonly edges: Edges
}

/** What the id names for this token, and what can be called on it. */
function edgesOf(world: World, id: string, own: SimulatedPage | null, request: GraphRequest): Node | undefined {
  const page = world.pages.get(id)
  if (page !== undefined) return own !== null && own !== page ? undefined : pageNode(page, request)
  if (id === world.app.id || id === 'app') return { type: 'Application', page: null, edges: APP_EDGES }
  if (id === world.user.id) return { type: 'User', page: null, edges: USER_EDGES }
  if (own === null) return undefined
  const conversation = conversationOfThread(own, id)
  if (conversation !== undefined) {
    const edges: Edges = {
      '': { GET: ['conversation', (context) => readConversation(context, own, conversation)] },
      messages: { GET: ['messages', (context) => readMessages(context, own, conversation)] },
    }
    return { type: 'UnifiedThread', page: own, edges }
  }
  if (messageOfId(own, id) !== undefined) {
    return {
      type: 'Message',
      page: own,
      edges: { '': { GET: ['message', (context) => readMessage(context, own, id)] } },
    }
  }
  const label = own.labels.get(id)
  if (label !== undefined) return labelNode(own, id)
  const person = personOfPsid(own, id)
  return person === undefined ? undefined : personNode(own, person)
}

const USER_EDGES: Edges = { '': { GET: ['me', readUser] }, accounts: { GET: ['accounts', readAccounts] } }

const APP_EDGES: Edges = {
  '': { GET: ['app', readApp] },
  subscriptions: {
    GET: ['subscriptions', readSubscriptions],
    POST: ['subscriptions', subscribeApp],
    DELETE: ['subscriptions', unsubscribeApp],
  },
}

const pageNode = (page: SimulatedPage, request: GraphRequest): Node => ({
  type: 'Page',
  page,
  edges: {
    '': {
      GET: ['page', (context) => readPage(context, page)],
      POST: ['page_update', (context) => updatePage(context, page)],
    },
    conversations: { GET: ['conversations', (context) => conversationsEdge(context, page)] },
    messages: { POST: [MESSAGES_SEND_KIND(request), (context) => sendToPerson(context, page)] },
    subscribed_apps: {
      GET: ['subscribed_apps', (context) => readSubscribedApps(context, page)],
      POST: ['subscribed_apps', (context) => subscribePage(context, page)],
      DELETE: ['subscribed_apps', (context) => unsubscribePage(context, page)],
    },
    custom_labels: {
      GET: ['labels', (context) => labels.listLabels(context, page)],
      POST: ['labels', (context) => labels.createLabel(context, page)],
    },
    moderate_conversations: { POST: ['moderate', (context) => moderateConversations(context, page)] },
    thread_owner: { GET: ['thread_control', (context) => thread.readOwner(context, page)] },
    pass_thread_control: { POST: ['thread_control', (context) => thread.pass(context, page)] },
    take_thread_control: { POST: ['thread_control', (context) => thread.take(context, page)] },
    request_thread_control: { POST: ['thread_control', (context) => thread.request(context, page)] },
    release_thread_control: { POST: ['thread_control', (context) => thread.release(context, page)] },
    extend_thread_control: { POST: ['thread_control', (context) => thread.extend(context, page)] },
  },
})

const labelNode = (page: SimulatedPage, id: string): Node => ({
  type: 'PageUserMessageThreadLabel',
  page,
  edges: {
    '': {
      GET: ['label', (context) => labels.readLabel(context, page, id)],
      DELETE: ['label', (context) => labels.deleteLabel(context, page, id)],
    },
    label: {
      POST: ['label', (context) => labels.putOn(context, page, id)],
      DELETE: ['label', (context) => labels.takeOff(context, page, id)],
    },
  },
})

const personNode = (page: SimulatedPage, person: number): Node => ({
  type: 'User',
  page,
  edges: {
    '': { GET: ['profile', (context) => readProfile(context, page, person)] },
    custom_labels: { GET: ['labels', (context) => labels.listLabelsOf(context, page, person)] },
  },
})
