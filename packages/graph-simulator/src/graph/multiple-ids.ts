import { GraphError, invalidParameter } from './graph-error.ts'
import { type GraphContext, text } from './graph-request.ts'
import { resolveCall } from './resolve-call.ts'

const MOST_IDS = 50

/** `GET /?ids=a,b&fields=…` and `GET /messages?ids=a,b`: a map by id. One wrong id fails the whole call. */
export async function readMany(context: GraphContext, edge: string | undefined): Promise<Record<string, unknown>> {
  const { request, world, token } = context
  const ids = (text(request, 'ids') ?? '')
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '')
  if (ids.length === 0) throw new GraphError(2500, '(#2500) The parameter ids must not be empty')
  if (ids.length > MOST_IDS) throw invalidParameter(`Too many IDs. Maximum: ${MOST_IDS}. Provided: ${ids.length}.`)
  const { ids: _ids, ...parameters } = request.parameters
  const found: Record<string, unknown> = {}
  for (const id of ids) {
    const single = { ...request, parameters, path: edge === undefined ? [id] : [id, edge] }
    found[id] = await resolveCall(world, single, token).run({ ...context, request: single })
  }
  return found
}
