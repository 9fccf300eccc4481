import { FOLDERS, type Folder } from '../data/generated-conversation.ts'
import type { ConversationView } from '../data/page-store.ts'
import type { SimulatedPage } from '../world.ts'
import { requirePageToken, requireScope } from './access.ts'
import { CONVERSATION_NODE } from './conversation-fields.ts'
import { decodeCursor, encodeCursor, invalidCursor } from './cursor.ts'
import type { WantedField } from './field-selection.ts'
import { invalidParameter, tooMuchData } from './graph-error.ts'
import { type GraphContext, limitOf, refusePagingBack, text } from './graph-request.ts'
import { pageUrl } from './paging.ts'
import { personOfPsid } from './people.ts'
import { selectFields } from './select-fields.ts'

const DEFAULT_LIMIT = 25
const QUIET_REQUESTS_MS = 30 * 86_400_000

interface Place {
  readonly updatedAt: number
  readonly tie: number
  readonly conversation: number
  /** How many pages came before: short pages are made by it, so that they need no memory. */
  readonly pages: number
}

/** `GET /{page-id}/conversations`: newest `updated_time` first, one folder, cursors. */
export function conversationsEdge(context: GraphContext, page: SimulatedPage) {
  const { request, world } = context
  const fieldsText = text(request, 'fields')
  return listConversations(context, page, {
    folder: text(request, 'folder'),
    platform: text(request, 'platform'),
    userId: text(request, 'user_id'),
    limit: text(request, 'limit'),
    after: text(request, 'after'),
    before: text(request, 'before'),
    fieldsText,
    fields: fieldsText === undefined ? undefined : world.parseFields(fieldsText),
  })
}

export interface ConversationsQuery {
  readonly folder?: string
  readonly platform?: string
  readonly userId?: string
  readonly limit?: string
  readonly after?: string
  readonly before?: string
  readonly fieldsText?: string
  readonly fields?: readonly WantedField[]
}

export function listConversations(context: GraphContext, page: SimulatedPage, query: ConversationsQuery) {
  requirePageToken(context, page)
  requireScope(context, 'pages_messaging')
  const { world } = context
  const { switches } = world
  refusePagingBack(query.before)
  const folder = folderOf(query.folder, context)
  const asked = limitOf(query.limit, DEFAULT_LIMIT)
  if (asked > switches.maxConversationsPerPage && switches.oversizedLimit === 'refuse') throw tooMuchData(99)
  const limit = Math.min(asked, switches.maxConversationsPerPage)
  if (query.platform !== undefined && query.platform.toLowerCase() !== 'messenger') {
    if (query.platform.toLowerCase() === 'instagram') return { data: [] }
    throw invalidParameter('Param platform must be one of {INSTAGRAM, MESSENGER}')
  }
  const show = (view: ConversationView) => selectFields(CONVERSATION_NODE, { page, view }, query.fields, context)
  if (query.userId !== undefined) {
    const person = personOfPsid(page, query.userId)
    return { data: person === undefined ? [] : page.store.conversationsOf(person).slice(0, limit).map(show) }
  }

  const place = query.after === undefined ? undefined : placeOf(query.after, context, page)
  const wanted = shortened(limit, place?.pages ?? 0, context)
  const oldest = world.clock.now() - QUIET_REQUESTS_MS
  const hidesOld = switches.hideOldRequests && (folder === 'other' || folder === 'pending')
  const found = page.store.list({
    folder,
    after: place,
    limit: wanted + 1,
    ...(hidesOld ? { accept: (_conversation: number, updatedAt: number) => updatedAt >= oldest } : {}),
  })
  const shown = found.slice(0, wanted)
  const data = shown.map(({ number }) => show(page.store.view(number)!))
  const pages = (place?.pages ?? 0) + 1
  const cursorOf = (at: { updatedAt: number; tie: number; number: number }) =>
    encodeCursor(world.cursorAge, at.updatedAt, at.tie, at.number, pages)
  const last = shown.at(-1)
  const more = found.length > wanted || (switches.trailingNext && shown.length === limit)
  if (last === undefined && !more) return { data }
  const after = last === undefined ? emptyPageCursor(world.cursorAge, place, pages) : cursorOf(last)
  const before = shown[0] === undefined ? after : cursorOf(shown[0])
  const cursors = { before, after }
  if (!more) return { data, paging: { cursors } }
  const next = pageUrl(context, `${page.id}/conversations`, {
    folder: query.folder,
    platform: query.platform,
    fields: query.fieldsText,
    limit: String(asked),
    after,
  })
  return { data, paging: { cursors, next } }
}

function folderOf(given: string | undefined, { world }: GraphContext): Folder {
  if (given === undefined || given === '') return 'inbox'
  const folder = FOLDERS.find((one) => one === given.toLowerCase())
  const readable =
    (folder !== 'page_done' || world.switches.doneFolderReadable) &&
    (folder !== 'spam' || world.switches.spamFolderReadable)
  if (folder === undefined || !readable) throw invalidParameter(`Param folder must be one of {${FOLDERS.join(', ')}}`)
  return folder
}

function placeOf(cursor: string, { world }: GraphContext, page: SimulatedPage): Place {
  const [updatedAt, tie, conversation, pages] = decodeCursor(cursor, world.cursorAge, 4) as [
    number,
    number,
    number,
    number,
  ]
  // An empty first page has no item to stand at.
  if (conversation < 0) return { updatedAt, tie, conversation, pages }
  const view = page.store.view(conversation)
  if (view === undefined) throw invalidCursor()
  if (world.switches.cursorAnchor === 'time' || view.updatedAt === updatedAt)
    return { updatedAt, tie, conversation, pages }
  return { updatedAt: view.updatedAt, tie: page.store.tieOf(conversation), conversation, pages }
}

/** Every third page is half as long and every fifth is empty, when the switch says so. */
function shortened(limit: number, pages: number, { world }: GraphContext): number {
  if (world.switches.shortPages === 'never') return limit
  if (pages % 5 === 4) return 0
  return pages % 3 === 1 ? Math.max(1, limit >> 1) : limit
}

const emptyPageCursor = (age: number, place: Place | undefined, pages: number): string =>
  place === undefined
    ? encodeCursor(age, Number.MAX_SAFE_INTEGER, 0, -1, pages)
    : encodeCursor(age, place.updatedAt, place.tie, place.conversation, pages)
