import {
  CONVERSATION_FIELDS,
  fieldsText,
  type GraphField,
  MESSAGE_FIELDS,
  nestedMessages,
  plainFields,
} from './graph-fields.ts'
import { type GraphConversation, type GraphMessage, type GraphPage, nextCursor, readShape } from './graph-shapes.ts'
import {
  type CallGuard,
  createPageCalls,
  type FieldsRequest,
  type PageCalls,
  type PageCallsDeps,
} from './page-calls.ts'
import { type ConversationReads, readConversationsByIds } from './read-conversations-by-ids.ts'
import type { Listing, ListingAsk } from './read-listing-page.ts'

export { PAGE_FIELDS, type PageField } from './graph-fields.ts'

export interface ListConversations extends Pick<ListingAsk, 'limit' | 'messagesLimit'>, Partial<ListingAsk> {
  readonly folder?: string
  /** The thread with this person alone. */
  readonly userId?: string
  readonly limit: number
  /** Nests the newest messages of each conversation; 0 for none. */
  readonly messagesLimit: number
}

export interface ListMessages extends Pick<ListingAsk, 'limit'>, Partial<ListingAsk> {
  readonly limit: number
}

interface Read {
  readonly requestedAtMs: number
  /** Fields that Facebook refuses to this page: they were left out, what is missing of them is not empty. */
  readonly droppedFields: readonly string[]
}

export interface Profile extends Read {
  readonly name: string | null
  /** Expires: to be fetched soon or asked for again. */
  readonly picture: string | null
}

/**
 * The calls that we make for one page, each within the page's budget. All throw AppError as `GraphClient` does. A
 * field that Facebook refuses is found, left out, remembered and told; the rest of the call goes on.
 */
export interface PageGraph {
  page(fields: readonly string[]): Promise<Read & { readonly page: GraphPage }>
  /** One page of results; `readListingPage` reads a whole listing with it. */
  conversations(list: ListConversations): Promise<Listing<GraphConversation>>
  conversation(threadId: string): Promise<Read & { readonly conversation: GraphConversation }>
  /** The state of several conversations, at most 50, without their messages; see `readConversationsByIds` for the cost. */
  conversationsByIds(threadIds: readonly string[]): Promise<ConversationReads>
  /** One page of results, newest first. */
  messages(threadId: string, list: ListMessages): Promise<Listing<GraphMessage>>
  /** Who a person is; all null where Facebook answers an empty object, its way of saying that we may not know. */
  profile(psid: string, guard?: CallGuard): Promise<Profile>
  /** The webhook fields of the page that Facebook sends to us (the app of this id, where it is known); empty for none. */
  subscribedFields(appId: string | null): Promise<readonly string[]>
  /** Calls that Facebook has counted so far through this object: every attempt that was sent, each part of a batch. */
  calls(): number
}

/** What a conversation by itself tells beside what it tells in a listing, which is asked for by folder. */
const SINGLE_CONVERSATION_FIELDS: readonly GraphField[] = [...CONVERSATION_FIELDS, { name: 'folder' }]
const PROFILE_FIELDS = plainFields(['name', 'first_name', 'last_name', 'profile_pic'])

export function createPageGraph(deps: PageCallsDeps): PageGraph {
  const calls = createPageCalls(deps)
  const page = nodePath(deps.facebookPageId)

  const conversation: PageGraph['conversation'] = async (threadId) => {
    const { body, ...read } = await calls.get(singleConversation(threadId))
    return { conversation: readShape('conversation', body), ...toRead(read) }
  }
  return {
    async page(names) {
      const fields = plainFields(names)
      const { body, ...read } = await calls.get({ bucket: 'page', edge: 'page', path: page, fields })
      return { page: readShape('page', body), ...toRead(read) }
    },
    async conversations(list) {
      const { body, ...read } = await calls.get(conversationsRequest(`${page}/conversations`, list))
      const { data, ...rest } = readShape('conversations', body)
      return { items: data, next: nextCursor(rest), ...toRead(read) }
    },
    conversation,
    conversationsByIds: (threadIds) => byIds(threadIds, calls, deps, conversation),
    async messages(threadId, { limit, after, shrinkable = false }) {
      const { body, ...read } = await calls.get({
        bucket: 'conversations',
        edge: 'messages',
        path: `${nodePath(threadId)}/messages`,
        fields: MESSAGE_FIELDS,
        params: { limit, after: after ?? undefined },
        shrinkable,
      })
      const { data, ...rest } = readShape('messages', body)
      return { items: data, next: nextCursor(rest), ...toRead(read) }
    },
    async profile(psid, guard) {
      const path = nodePath(psid)
      const { body, ...read } = await calls.get(
        { bucket: 'profile', edge: 'profile', path, fields: PROFILE_FIELDS },
        guard,
      )
      const { name, first_name, last_name, profile_pic } = readShape('profile', body)
      const fullName = name ?? [first_name, last_name].filter((part) => part).join(' ')
      return { name: fullName || null, picture: profile_pic ?? null, ...toRead(read) }
    },
    async subscribedFields(appId) {
      const { body } = await calls.plain('page', { method: 'GET', path: `${page}/subscribed_apps` })
      const apps = readShape('apps', body).data
      // With a page's token Facebook lists the asking app alone.
      const ours = appId === null ? apps[0] : apps.find(({ id }) => id === appId)
      return ours?.subscribed_fields ?? []
    },
    calls: () => calls.count(),
  }
}

const nodePath = (id: string): string => `/${encodeURIComponent(id)}`

const toRead = ({ requestedAtMs, droppedFields }: Read): Read => ({ requestedAtMs, droppedFields })

function conversationsRequest(path: string, list: ListConversations): FieldsRequest {
  const { folder, userId, limit, after, messagesLimit, shrinkable = false } = list
  const nested = messagesLimit > 0 ? [nestedMessages(messagesLimit)] : []
  return {
    bucket: 'conversations',
    edge: 'conversation',
    path,
    fields: [...CONVERSATION_FIELDS, ...nested],
    params: { platform: 'MESSENGER', folder, user_id: userId, limit, after: after ?? undefined },
    shrinkable,
  }
}

const singleConversation = (threadId: string): FieldsRequest => ({
  bucket: 'conversations',
  edge: 'conversation',
  path: nodePath(threadId),
  fields: SINGLE_CONVERSATION_FIELDS,
})

function byIds(
  threadIds: readonly string[],
  calls: PageCalls,
  { budget }: PageCallsDeps,
  one: PageGraph['conversation'],
): Promise<ConversationReads> {
  const allowed = () => calls.allowed('conversation', SINGLE_CONVERSATION_FIELDS)
  return readConversationsByIds(threadIds, {
    atOnce: budget.callsPerSecond('conversations'),
    batch: (ids) => {
      const params = { fields: fieldsText(allowed().fields) }
      return calls.batch(
        'conversations',
        ids.map((id) => ({ path: nodePath(id), params })),
      )
    },
    one,
    refused: (error, requestedAtMs) => calls.refused('conversations', error, requestedAtMs),
    droppedFields: () => allowed().dropped,
  })
}
