import { type Static, Type } from '@sinclair/typebox'
import { FOLDERS } from '../data/generated-conversation.ts'
import { withoutContent } from '../data/message.ts'
import type { ConversationView } from '../data/page-store.ts'
import { conversationOfThread, messageOfId, personOfPsid, threadOf } from '../graph/people.ts'
import type { SimulatedPage, World } from '../world.ts'
import { ControlError, checked, PageId, Psid, pageNamed } from './control-request.ts'

const FolderSchema = Type.Union(FOLDERS.map((folder) => Type.Literal(folder)))

const NewConversationSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(PageId),
    psids: Type.Optional(Type.Array(Psid, { minItems: 1, maxItems: 50, description: 'Several make a group thread' })),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    folder: Type.Optional(FolderSchema),
    updated_at_ms: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false },
)

const ChangeConversationSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(PageId),
    folder: Type.Optional(FolderSchema),
    unread_count: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    last_customer_at_ms: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Opens the window up to a day after it' }),
    ),
  },
  { additionalProperties: false, minProperties: 1 },
)

const DAY_MS = 86_400_000

export interface ConversationDump {
  readonly conversation_id: string
  readonly psids: readonly string[]
  readonly names: readonly string[]
  readonly folder: string
  readonly unread_count: number
  readonly message_count: number
  readonly updated_at_ms: number
  readonly window_closes_at_ms: number
  readonly owner_app_id: string | null
  readonly labels: readonly string[]
}

const dump = (page: SimulatedPage, view: ConversationView): ConversationDump => ({
  conversation_id: threadOf(page, view.number),
  psids: view.people.map((person) => page.store.ids.people.encode(person)),
  names: view.people.map((person) => page.store.person(person).name),
  folder: view.folder,
  unread_count: view.unread,
  message_count: view.messageCount,
  updated_at_ms: view.updatedAt,
  window_closes_at_ms: view.lastCustomerAt + DAY_MS,
  owner_app_id: view.owner?.appId ?? null,
  labels: view.people.flatMap((person) => page.labels.of(person).map(({ name }) => name)),
})

/** The conversation with this thread id or with this person; the page's, or the only page that knows it. */
function find(world: World, id: string, pageId: string | number | undefined) {
  const pages = pageId === undefined ? [...world.pages.values()] : [pageNamed(world, pageId)]
  for (const page of pages) {
    const person = personOfPsid(page, id)
    const number = person === undefined ? conversationOfThread(page, id) : page.store.conversationsOf(person)[0]?.number
    if (number !== undefined) return { page, number }
  }
  throw new ControlError(404, `There is no conversation ${id}`)
}

/** `GET /_control/conversations`: what there is, without messages; newest first. */
export function listConversationDumps(world: World, query: URLSearchParams) {
  const page = pageNamed(world, query.get('facebook_page_id') ?? undefined)
  const limit = Math.min(Number(query.get('limit') ?? 1_000), 100_000)
  if (!Number.isInteger(limit) || limit < 1)
    throw new ControlError(400, 'The request is not valid', ['limit: a whole number from 1'])
  const wanted = query.get('folder')
  const folders = wanted === null ? FOLDERS : FOLDERS.filter((folder) => folder === wanted)
  if (folders.length === 0)
    throw new ControlError(400, 'The request is not valid', [`folder: one of ${FOLDERS.join(', ')}`])
  const conversations = folders.flatMap((folder) =>
    page.store.list({ folder, limit }).map(({ number }) => dump(page, page.store.view(number)!)),
  )
  return { conversations: conversations.slice(0, limit) }
}

/** `GET /_control/conversations/:id`: all that Facebook knows of one, every message included. */
export function readConversationDump(world: World, id: string, query: URLSearchParams) {
  const { page, number } = find(world, id, query.get('facebook_page_id') ?? undefined)
  const messages = page.store.readMessages(number, { limit: 1_000_000, hideDeleted: false }) ?? []
  return {
    ...dump(page, page.store.view(number)!),
    messages: messages.map(({ serial, createdAt, author, attachments, ...rest }) => ({
      mid: page.store.ids.messages.encode(number, serial),
      created_at_ms: createdAt,
      from: author === undefined ? page.id : page.store.ids.people.encode(author),
      ...rest,
      ...(attachments === undefined ? {} : { attachments: attachments.map(({ type, url }) => ({ type, url })) }),
    })),
  }
}

/** `POST /_control/conversations`: a thread that begins without a message; a second one for a known person, or a group. */
export function newConversation(world: World, body: unknown): ConversationDump {
  const given = checked(NewConversationSchema, body)
  const page = pageNamed(world, given.facebook_page_id)
  const people = given.psids?.map((psid) => {
    const person = personOfPsid(page, psid)
    if (person === undefined) throw new ControlError(404, `Page ${page.id} knows nobody with PSID ${psid}`)
    return person
  }) ?? [page.store.addPerson(given.name)]
  const at = given.updated_at_ms ?? world.clock.now()
  const number = page.store.addConversation(people, given.folder ?? 'inbox', at)
  return dump(page, page.store.view(number)!)
}

/** `PATCH /_control/conversations/:id`: people work in Facebook's inbox. No webhook tells of it, `updated_time` stays. */
export function changeConversation(world: World, id: string, body: unknown): ConversationDump {
  const given: Static<typeof ChangeConversationSchema> = checked(ChangeConversationSchema, body)
  const { page, number } = find(world, id, given.facebook_page_id)
  if (given.folder !== undefined) page.store.setFolder(number, given.folder)
  if (given.unread_count !== undefined) page.store.setUnread(number, given.unread_count)
  if (given.last_customer_at_ms !== undefined) page.store.setWindow(number, given.last_customer_at_ms)
  return dump(page, page.store.view(number)!)
}

/** `DELETE /_control/conversations/:id`: gone from Facebook; cursors that stand at it go stale. */
export function deleteConversation(world: World, id: string, query: URLSearchParams) {
  const { page, number } = find(world, id, query.get('facebook_page_id') ?? undefined)
  page.store.remove(number)
  return { deleted: true }
}

/** `DELETE /_control/messages/:mid`: gone without a webhook. */
export function deleteMessage(world: World, mid: string) {
  for (const page of world.pages.values()) {
    const found = messageOfId(page, mid)
    if (found === undefined) continue
    page.store.replaceMessage(found.conversation, found.serial, withoutContent(found.message))
    return { deleted: true }
  }
  throw new ControlError(404, `There is no message ${mid}`)
}
