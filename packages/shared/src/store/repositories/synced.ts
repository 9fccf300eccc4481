import type { Collection, Store } from '../collection.ts'
import {
  COMMENTS,
  CONTACTS,
  CONVERSATIONS,
  type CommentRow,
  type ContactRow,
  type ConversationRow,
  MESSAGES,
  type MessageRow,
  PAGE_EVENTS,
  type PageEventRow,
} from './rows.ts'

/** What was synced, as callers read it. Every method is bound to one page, whose owner the caller has checked, or to the tenant. */
export interface SyncedReader {
  conversation(tenantId: string, id: number): Promise<ConversationRow | undefined>
  message(tenantId: string, id: number): Promise<MessageRow | undefined>
  contact(tenantId: string, id: number): Promise<ContactRow | undefined>
  /** By activity, newest first; or by id, which is complete whatever moves meanwhile. */
  conversations(
    pageId: number,
    sort: 'activity' | 'id',
    limit: number,
    after?: Pick<ConversationRow, '_id' | 'id' | 'last_message_ms'>,
  ): Promise<ConversationRow[]>
  /** The conversations of these keys, in any order, missing ones left out. At most 5,000. */
  conversationsByKey(keys: readonly string[]): Promise<ConversationRow[]>
  /** Newest first; or by id, which is complete also when a sync adds what is older. */
  messages(
    conversationKey: string,
    sort: 'newest' | 'id',
    limit: number,
    after?: Pick<MessageRow, '_id' | 'id' | 'created_ms'>,
  ): Promise<MessageRow[]>
  /** The messages of these keys, in any order, missing ones left out. At most 5,000. */
  messagesByKey(keys: readonly string[]): Promise<MessageRow[]>
  /** Newest first, that is by falling id; or by rising id. */
  contacts(
    pageId: number,
    sort: 'newest' | 'id',
    limit: number,
    after?: Pick<ContactRow, '_id' | 'id'>,
  ): Promise<ContactRow[]>
  /** The contacts of these keys, in any order, missing ones left out. At most 5,000. */
  contactsByKey(keys: readonly string[]): Promise<ContactRow[]>
  comment(tenantId: string, id: number): Promise<CommentRow | undefined>
  /** Comments of the page's posts, newest first; or by id. */
  comments(
    pageId: number,
    sort: 'newest' | 'id',
    limit: number,
    after?: Pick<CommentRow, '_id' | 'id' | 'created_ms'>,
  ): Promise<CommentRow[]>
}

/** The collections behind it, for whoever writes (the worker). */
export interface SyncedCollections {
  readonly conversations: Collection<ConversationRow>
  readonly messages: Collection<MessageRow>
  readonly contacts: Collection<ContactRow>
  readonly pageEvents: Collection<PageEventRow>
  readonly comments: Collection<CommentRow>
}

export function openSyncedCollections(store: Store): SyncedCollections {
  return {
    conversations: store.collection(CONVERSATIONS),
    messages: store.collection(MESSAGES),
    contacts: store.collection(CONTACTS),
    pageEvents: store.collection(PAGE_EVENTS),
    comments: store.collection(COMMENTS),
  }
}

export function createSyncedReader(store: Store): SyncedReader {
  const { conversations, messages, contacts, comments } = openSyncedCollections(store)
  return {
    conversation: (tenantId, id) => ofTenant(conversations, tenantId, id),
    message: (tenantId, id) => ofTenant(messages, tenantId, id),
    contact: (tenantId, id) => ofTenant(contacts, tenantId, id),
    conversations(pageId, sort, limit, after) {
      const equals = { page_id: pageId }
      if (sort === 'id')
        return conversations.find({
          index: 'byPageId',
          equals,
          limit,
          ...(after ? { after: { id: after.id, _id: after._id } } : {}),
        })
      const position = after ? { after: { last_message_ms: after.last_message_ms, _id: after._id } } : {}
      return conversations.find({ index: 'byPage', equals, order: 'desc', limit, ...position })
    },
    conversationsByKey: (keys) => conversations.getMany(keys),
    messages(conversationKey, sort, limit, after) {
      const equals = { conversation_key: conversationKey }
      if (sort === 'id')
        return messages.find({
          index: 'byConversationId',
          equals,
          limit,
          ...(after ? { after: { id: after.id, _id: after._id } } : {}),
        })
      const position = after ? { after: { created_ms: after.created_ms, _id: after._id } } : {}
      return messages.find({ index: 'byConversation', equals, order: 'desc', limit, ...position })
    },
    messagesByKey: (keys) => messages.getMany(keys),
    contacts: (pageId, sort, limit, after) =>
      contacts.find({
        index: 'byPageId',
        equals: { page_id: pageId },
        order: sort === 'id' ? 'asc' : 'desc',
        limit,
        ...(after ? { after: { id: after.id, _id: after._id } } : {}),
      }),
    contactsByKey: (keys) => contacts.getMany(keys),
    comment: (tenantId, id) => ofTenant(comments, tenantId, id),
    comments(pageId, sort, limit, after) {
      const equals = { page_id: pageId }
      if (sort === 'id')
        return comments.find({
          index: 'byPageId',
          equals,
          limit,
          ...(after ? { after: { id: after.id, _id: after._id } } : {}),
        })
      const position = after ? { after: { created_ms: after.created_ms, _id: after._id } } : {}
      return comments.find({ index: 'byPage', equals, order: 'desc', limit, ...position })
    },
  }
}

async function ofTenant<
  T extends { readonly _id: string; readonly rev: number; readonly id: number; readonly tenant_id: string },
>(collection: Collection<T>, tenantId: string, id: number): Promise<T | undefined> {
  const [row] = await collection.find({ index: 'byId', equals: { id }, limit: 1 })
  return row?.tenant_id === tenantId ? row : undefined
}
