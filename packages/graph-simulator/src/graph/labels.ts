import type { Label } from '../data/label-store.ts'
import type { Notice } from '../webhooks/notice.ts'
import { changesNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage } from '../world.ts'
import { requirePageToken, requireScope } from './access.ts'
import { decodeCursor, encodeCursor } from './cursor.ts'
import { GraphError, invalidParameter } from './graph-error.ts'
import { type GraphContext, limitOf, text } from './graph-request.ts'
import { pageUrl } from './paging.ts'
import { personOfPsid } from './people.ts'
import { type NodeType, plain, selectFields } from './select-fields.ts'

const LONGEST_NAME = 40

const LABEL_NODE: NodeType<Label, GraphContext> = {
  name: 'PageUserMessageThreadLabel',
  defaults: plain('id'),
  fields: { id: ({ id }) => id, page_label_name: ({ name }) => name, name: ({ name }) => name },
}

/** Looks transient by its code and is not: a page admin must accept the Page Contact Terms first. */
function prepare(context: GraphContext, page: SimulatedPage) {
  requirePageToken(context, page)
  requireScope(context, 'pages_messaging')
  if (context.world.switches.contactTermsAccepted) return
  throw new GraphError(2, 'Service temporarily unavailable', {
    subcode: 2018344,
    isTransient: false,
    userTitle: 'Privacy ToS not accepted',
    userMessage: `To use the inbox label API, you need to accept the privacy ToS. Click the link to accept. https://www.facebook.com/${page.id}/inbox/page_contact_tos/`,
  })
}

const wantedOf = ({ world, request }: GraphContext) => {
  const fields = text(request, 'fields')
  return fields === undefined ? undefined : world.parseFields(fields)
}

function listed(context: GraphContext, labels: Label[], path: string) {
  const limit = Math.min(limitOf(text(context.request, 'limit'), 25), 100)
  const after = text(context.request, 'after')
  const from = after === undefined ? 0 : decodeCursor(after, context.world.cursorAge, 1)[0]! + 1
  const shown = labels.slice(from, from + limit)
  const data = shown.map((label) => selectFields(LABEL_NODE, label, wantedOf(context), context))
  if (shown.length === 0) return { data }
  const cursors = {
    before: encodeCursor(context.world.cursorAge, from),
    after: encodeCursor(context.world.cursorAge, from + shown.length - 1),
  }
  if (from + shown.length >= labels.length) return { data, paging: { cursors } }
  const parameters = { fields: text(context.request, 'fields'), limit: String(limit), after: cursors.after }
  return { data, paging: { cursors, next: pageUrl(context, path, parameters) } }
}

/** `GET /{page-id}/custom_labels` */
export function listLabels(context: GraphContext, page: SimulatedPage) {
  prepare(context, page)
  return listed(context, page.labels.all(), `${page.id}/custom_labels`)
}

/** `GET /{psid}/custom_labels` */
export function listLabelsOf(context: GraphContext, page: SimulatedPage, person: number) {
  prepare(context, page)
  return listed(context, page.labels.of(person), `${page.store.ids.people.encode(person)}/custom_labels`)
}

/** `POST /{page-id}/custom_labels`; a name that is taken is refused. */
export function createLabel(context: GraphContext, page: SimulatedPage) {
  prepare(context, page)
  const name = text(context.request, 'page_label_name') ?? text(context.request, 'name')
  if (name === undefined || name === '') throw invalidParameter('The parameter page_label_name is required')
  if (name.length > LONGEST_NAME)
    throw invalidParameter(`Param page_label_name must be at most ${LONGEST_NAME} characters`)
  if (page.labels.byName(name) !== undefined) throw invalidParameter(`Label ${name} already exists`)
  return { id: page.labels.create(name).id }
}

/** `GET /{label-id}` */
export function readLabel(context: GraphContext, page: SimulatedPage, id: string) {
  prepare(context, page)
  return selectFields(LABEL_NODE, page.labels.get(id)!, wantedOf(context), context)
}

/** `DELETE /{label-id}` */
export function deleteLabel(context: GraphContext, page: SimulatedPage, id: string) {
  prepare(context, page)
  page.labels.delete(id)
  return { success: true }
}

function userOf(context: GraphContext, page: SimulatedPage): number {
  const psid = text(context.request, 'user')
  const person = psid === undefined ? undefined : personOfPsid(page, psid)
  if (person === undefined) throw invalidParameter('No matching user found', 2018001)
  return person
}

/** `POST /{label-id}/label?user={psid}` */
export const putOn = (context: GraphContext, page: SimulatedPage, id: string) => setAndTell(context, page, id, true)

/** `DELETE /{label-id}/label?user={psid}` */
export const takeOff = (context: GraphContext, page: SimulatedPage, id: string) => setAndTell(context, page, id, false)

/** Puts a label on a person or takes it off; whoever did it, `inbox_labels` tells of a change and of nothing else. */
export function setLabel(page: SimulatedPage, label: Label, person: number, on: boolean): Notice | undefined {
  if (!page.labels.put(label.id, person, on)) return undefined
  return changesNotice(page, 'inbox_labels', {
    user: { id: page.store.ids.people.encode(person) },
    action: on ? 'add' : 'remove',
    label: { id: label.id, page_label_name: label.name },
  })
}

function setAndTell(context: GraphContext, page: SimulatedPage, id: string, on: boolean) {
  prepare(context, page)
  const notice = setLabel(page, page.labels.get(id)!, userOf(context, page), on)
  if (notice !== undefined) setImmediate(() => void context.world.webhooks.send([notice]))
  return { success: true }
}
