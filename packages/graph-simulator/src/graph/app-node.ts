import { GraphError, invalidParameter } from './graph-error.ts'
import { type GraphContext, text } from './graph-request.ts'
import { plain } from './select-fields.ts'
import { fieldList } from './subscribed-apps.ts'

function requireAppToken({ token }: GraphContext) {
  if (token?.kind !== 'app') throw new GraphError(15, '(#15) This method must be called with an app access_token.')
}

/** `GET /{app-id}` */
export function readApp({ world, request }: GraphContext) {
  const { id, name } = world.app
  const known: Record<string, unknown> = {
    id,
    name,
    category: 'Business',
    link: `https://www.facebook.com/games/?app_id=${id}`,
  }
  const asked = text(request, 'fields')
  const wanted = asked === undefined ? plain('category', 'link', 'name', 'id') : world.parseFields(asked)
  return { ...Object.fromEntries(wanted.map(({ name: field }) => [field, known[field]])), id }
}

/** `GET /{app-id}/subscriptions` */
export function readSubscriptions(context: GraphContext) {
  requireAppToken(context)
  const { app } = context.world
  if (app.callbackUrl === undefined) return { data: [] }
  const fields = [...app.fields].map((name) => ({ name, version: 'v26.0' }))
  return { data: [{ object: 'page', callback_url: app.callbackUrl, active: true, fields }] }
}

/** `POST /{app-id}/subscriptions`: asks the callback first; code 2200 when it does not answer the challenge. */
export async function subscribeApp(context: GraphContext) {
  requireAppToken(context)
  const { world, request } = context
  const object = text(request, 'object')
  const url = text(request, 'callback_url')
  const verifyToken = text(request, 'verify_token')
  if (object !== 'page') throw invalidParameter('Param object must be one of {page} in this simulator')
  if (url === undefined || verifyToken === undefined)
    throw invalidParameter('The parameters callback_url and verify_token are required')
  if (!URL.canParse(url)) throw invalidParameter('Param callback_url must be a valid URL')
  const fields = fieldList(context, 'fields')
  const { ok, reason } = await world.webhooks.verify(url, verifyToken)
  if (!ok) throw new GraphError(2200, `(#2200) Callback verification failed with the following errors: ${reason}`)
  world.app.callbackUrl = url
  world.app.verifyToken = verifyToken
  world.app.fields = new Set(fields)
  return { success: true }
}

/** `DELETE /{app-id}/subscriptions` */
export function unsubscribeApp(context: GraphContext) {
  requireAppToken(context)
  context.world.app.callbackUrl = undefined
  return { success: true }
}
