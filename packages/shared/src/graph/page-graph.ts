import type { GraphClient, GraphRequest } from './graph-client.ts'
import { type GraphConversation, type GraphMessage, type GraphPage, nextCursor, readShape } from './graph-shapes.ts'
import type { BucketName, CallPriority, PageBudget } from './page-budget.ts'

/** One page of a list. */
export interface Listing<T> {
  readonly items: readonly T[]
  /** Cursor of the next page, null at the end. */
  readonly next: string | null
  readonly requestedAtMs: number
}

export interface ListConversations {
  readonly folder?: string
  /** The thread with this person alone. */
  readonly userId?: string
  readonly limit: number
  readonly after?: string | null
  /** Nests the newest messages of each conversation; 0 for none. */
  readonly messagesLimit: number
}

/** The calls that we make for one page, each within the page's budget. All throw AppError as `GraphClient` does. */
export interface PageGraph {
  page(fields: readonly string[]): Promise<{ readonly page: GraphPage; readonly requestedAtMs: number }>
  conversations(list: ListConversations): Promise<Listing<GraphConversation>>
  conversation(threadId: string): Promise<{ readonly conversation: GraphConversation; readonly requestedAtMs: number }>
  messages(
    threadId: string,
    list: { readonly limit: number; readonly after?: string | null },
  ): Promise<Listing<GraphMessage>>
  /** Calls made so far through this object, repeated ones too. */
  calls(): number
}

export interface PageGraphDeps {
  readonly client: GraphClient
  readonly budget: PageBudget
  readonly facebookPageId: string
  readonly accessToken: string
  readonly priority: CallPriority
  readonly signal: AbortSignal
}

/** What we ask of a message; nested lists are cut so that one answer stays small. */
export const MESSAGE_FIELDS = [
  'id',
  'created_time',
  'from',
  'message',
  'sticker',
  'reply_to',
  'attachments{id,name,mime_type,size,image_data,video_data,file_url}',
  'shares{link,name}',
  'reactions',
] as const
const CONVERSATION_FIELDS = [
  'id',
  'updated_time',
  'unread_count',
  'message_count',
  'snippet',
  'can_reply',
  'participants',
] as const

export const PAGE_FIELDS = ['name', 'category', 'about', 'phone', 'website', 'fan_count'] as const
export type PageField = (typeof PAGE_FIELDS)[number]

export function createPageGraph(deps: PageGraphDeps): PageGraph {
  const { client, budget, priority, signal, accessToken } = deps
  const page = `/${encodeURIComponent(deps.facebookPageId)}`
  let calls = 0

  const get = (bucket: BucketName, path: string, params: GraphRequest['params']) =>
    client.request({
      method: 'GET',
      path,
      params: params ?? {},
      accessToken,
      signal,
      beforeAttempt: async (abort) => {
        await budget.take(bucket, priority, abort)
        calls++
      },
      afterAnswer: (usage) => budget.observe(usage),
    })

  return {
    async page(fields) {
      const { body, requestedAtMs } = await get('page', page, { fields: ['id', ...fields].join(',') })
      return { page: readShape('page', body), requestedAtMs }
    },
    async conversations({ folder, userId, limit, after, messagesLimit }) {
      const nested = messagesLimit > 0 ? [`messages.limit(${messagesLimit}){${MESSAGE_FIELDS.join(',')}}`] : []
      const { body, requestedAtMs } = await get('conversations', `${page}/conversations`, {
        platform: 'MESSENGER',
        folder,
        user_id: userId,
        limit,
        after: after ?? undefined,
        fields: [...CONVERSATION_FIELDS, ...nested].join(','),
      })
      const list = readShape('conversations', body)
      return { items: list.data, next: nextCursor(list), requestedAtMs }
    },
    async conversation(threadId) {
      const { body, requestedAtMs } = await get('conversations', `/${encodeURIComponent(threadId)}`, {
        fields: [...CONVERSATION_FIELDS, 'folder'].join(','),
      })
      return { conversation: readShape('conversation', body), requestedAtMs }
    },
    async messages(threadId, { limit, after }) {
      const { body, requestedAtMs } = await get('conversations', `/${encodeURIComponent(threadId)}/messages`, {
        limit,
        after: after ?? undefined,
        fields: MESSAGE_FIELDS.join(','),
      })
      const list = readShape('messages', body)
      return { items: list.data, next: nextCursor(list), requestedAtMs }
    },
    calls: () => calls,
  }
}
