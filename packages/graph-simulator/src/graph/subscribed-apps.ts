import type { SimulatedPage } from '../world.ts'
import { requirePageToken, requireScope } from './access.ts'
import { GraphError, invalidParameter } from './graph-error.ts'
import { type GraphContext, json, text } from './graph-request.ts'
import { isPageField } from './subscription-fields.ts'

function prepare(context: GraphContext, page: SimulatedPage) {
  requirePageToken(context, page)
  requireScope(context, 'pages_manage_metadata')
}

/** `GET /{page-id}/subscribed_apps` */
export function readSubscribedApps(context: GraphContext, page: SimulatedPage) {
  prepare(context, page)
  if (page.subscribedFields === undefined) return { data: [] }
  const { app } = context.world
  const link = `https://www.facebook.com/games/?app_id=${app.id}`
  return {
    data: [{ category: 'Business', link, name: app.name, id: app.id, subscribed_fields: [...page.subscribedFields] }],
  }
}

/** `POST /{page-id}/subscribed_apps`: replaces the set of fields. */
export function subscribePage(context: GraphContext, page: SimulatedPage) {
  prepare(context, page)
  const fields = fieldList(context, 'subscribed_fields')
  if (
    fields.some((field) => field.startsWith('messag') || field === 'standby') &&
    !context.token?.scopes.has('pages_messaging')
  ) {
    throw new GraphError(
      200,
      '(#200) To subscribe to the messages field, one of these permissions is needed: pages_messaging',
    )
  }
  page.subscribe(fields)
  return { success: true }
}

/** `DELETE /{page-id}/subscribed_apps` */
export function unsubscribePage(context: GraphContext, page: SimulatedPage) {
  prepare(context, page)
  page.subscribe(null)
  return { success: true }
}

/** Comma-separated or a JSON list; every name must be known. */
export function fieldList(context: GraphContext, parameter: string): string[] {
  const given = text(context.request, parameter)
  if (given === undefined || given === '') throw invalidParameter(`The parameter ${parameter} is required.`)
  const list = given.startsWith('[')
    ? json({ ...context.request, parameters: { [parameter]: given } }, parameter)
    : given.split(',')
  const fields = (Array.isArray(list) ? list : []).map((field) => String(field).trim()).filter((field) => field !== '')
  fields.forEach((field, i) => {
    if (!isPageField(field))
      throw invalidParameter(`Param ${parameter}[${i}] must be one of the page's webhook fields - got "${field}"`)
  })
  return fields
}
