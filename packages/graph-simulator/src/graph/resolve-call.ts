import type { AccessToken } from '../data/token-registry.ts'
import type { SimulatedPage, World } from '../world.ts'
import { exchangeToken } from './access-token.ts'
import { runBatch } from './batch.ts'
import { type CallClass, type CallKind, classOf } from './call-log.ts'
import { debugToken } from './debug-token.ts'
import * as edges from './edges.ts'
import { GraphError, unsupported } from './graph-error.ts'
import type { GraphContext, GraphRequest } from './graph-request.ts'
import { readMany } from './multiple-ids.ts'
import { conversationOfThread, messageOfId, personOfPsid } from './people.ts'
import { nonExisting } from './select-fields.ts'

export interface ResolvedCall {
  readonly kind: CallKind
  /** Which of Facebook's limits it counts against. */
  readonly class: CallClass
  /** Parts of a batch and ids of a multi-id read count one each. */
  readonly cost: number
  readonly page: SimulatedPage | null
  readonly run: (context: GraphContext) => unknown
}

const made = (kind: CallKind, page: SimulatedPage | null, run: ResolvedCall['run']): ResolvedCall => ({
  kind,
  class: classOf(kind),
  cost: kind === 'batch' ? 0 : 1,
  page,
  run,
})

const refused = (page: SimulatedPage | null, error: () => GraphError): ResolvedCall =>
  made('unsupported', page, () => {
    throw error()
  })

/** Which call of Facebook's a request is. What Facebook does not have ends in 100/33 or in an unknown field. */
export function resolveCall(world: World, request: GraphRequest, token: AccessToken | undefined): ResolvedCall {
  const { method, path, parameters } = request
  const own = token?.pageId === undefined ? null : (world.pages.get(token.pageId) ?? null)
  const [first, edge] = path
  if (method === 'GET' && parameters.ids !== undefined && path.length <= 1) return manyIds(world, request, token, own)
  if (first === undefined) {
    if (method === 'POST' && parameters.batch !== undefined) return made('batch', own, runBatch)
    return refused(own, () => unsupported(method, '/'))
  }
  if (first === 'oauth' && edge === 'access_token') return made('access_token', null, exchangeToken)
  if (first === 'debug_token') return made('debug_token', own, debugToken)
  if (path.length > 2)
    return refused(own, () => new GraphError(2500, `Unknown path components: /${path.slice(1).join('/')}`))
  const id = first === 'me' ? (token?.pageId ?? (token?.kind === 'user' ? world.user.id : 'me')) : first
  return callOnNode(world, request, own, id)
}

function manyIds(
  world: World,
  request: GraphRequest,
  token: AccessToken | undefined,
  own: SimulatedPage | null,
): ResolvedCall {
  const [edge] = request.path
  const ids = String(request.parameters.ids).split(',')
  const { ids: _ids, ...parameters } = request.parameters
  const path = edge === undefined ? [ids[0]!] : [ids[0]!, edge]
  const single = resolveCall(world, { ...request, parameters, path }, token)
  const call = made('multiple_ids', own, (context) => readMany(context, edge))
  return { ...call, class: single.class, cost: ids.length }
}

/** What the id names for this token, and which call on it is meant. */
function callOnNode(world: World, request: GraphRequest, own: SimulatedPage | null, id: string): ResolvedCall {
  const page = world.pages.get(id)
  const isPublic = world.switches.publicPageAccess && request.method === 'GET' && request.path[1] === undefined
  if (page !== undefined && (own === null || own === page || isPublic))
    return onEdge(edges.PAGE_EDGES, request, 'Page', page, id, undefined)
  if (id === world.app.id || id === 'app') return onEdge(edges.APP_EDGES, request, 'Application', null, id, undefined)
  if (id === world.user.id) return onEdge(edges.USER_EDGES, request, 'User', null, id, undefined)
  if (own === null || page !== undefined) return refused(own, () => unsupported(request.method, id))
  const conversation = conversationOfThread(own, id)
  if (conversation !== undefined)
    return onEdge(edges.CONVERSATION_EDGES, request, 'UnifiedThread', own, id, conversation)
  if (messageOfId(own, id) !== undefined) return onEdge(edges.MESSAGE_EDGES, request, 'Message', own, id, id)
  if (own.labels.get(id) !== undefined)
    return onEdge(edges.LABEL_EDGES, request, 'PageUserMessageThreadLabel', own, id, id)
  const person = personOfPsid(own, id)
  if (person !== undefined) return onEdge(edges.PERSON_EDGES, request, 'User', own, id, person)
  return refused(own, () => unsupported(request.method, id))
}

function onEdge<Node>(
  known: edges.Edges<Node>,
  { method, path, parameters }: GraphRequest,
  type: string,
  page: SimulatedPage | null,
  id: string,
  node: Node,
): ResolvedCall {
  const edge = path[1] ?? ''
  const entry = Object.hasOwn(known, edge) ? known[edge]?.[method] : undefined
  // Facebook takes an unknown edge for a field when it is read, and knows no such request when it is written.
  if (entry === undefined)
    return refused(page, () => (method === 'GET' && edge !== '' ? nonExisting(edge, type) : unsupported(method, id)))
  const [kind, run] = entry
  const named = kind === 'send' && parameters.sender_action !== undefined ? 'sender_action' : kind
  // Handlers of the app's and the user's nodes take no page.
  return made(named, page, (context) => run(context, page as SimulatedPage, node))
}
