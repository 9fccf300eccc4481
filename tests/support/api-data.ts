import { createCounting } from '@pagesync/shared/counting/counting.ts'
import type { CountedKind } from '@pagesync/shared/counting/id-ranges.ts'
import { type CountedRow, countRow } from '@pagesync/shared/counting/row-counts.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { newConversation } from '@pagesync/shared/model/merge-conversation.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import {
  COMMENTS,
  CONTACTS,
  CONVERSATIONS,
  type CommentRow,
  type ContactRow,
  type ConversationRow,
  commentKey,
  MESSAGES,
  type MessageRow,
  type PageRow,
} from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { ALL_SCOPES, createTenants } from '@pagesync/shared/store/repositories/tenants.ts'
import { SEALER } from './token-keys.ts'

export const T0_MS = Date.UTC(2026, 0, 8, 10, 30)

/** A tenant with a key that may do everything. */
export interface TestTenant {
  readonly id: string
  readonly key: string
}

export type ApiData = ReturnType<typeof createApiData>

/** Puts rows into the store as connecting and the worker do. */
export function createApiData(store: Store) {
  const tenants = createTenants(store)
  const sequences = createSequences(store)
  const pages = createPages(store, sequences, SEALER)

  const counting = createCounting({ store, sequences, clock: systemClock })
  /** Makes rows with ids, and counts them as the worker does. */
  const addRows = async <T extends CountedRow>(
    kind: CountedKind,
    count: number,
    insert: (ids: readonly number[]) => readonly [rows: readonly T[], inserted: Promise<unknown>],
  ): Promise<readonly T[]> => {
    const taking = counting.take(kind)
    const [rows, inserted] = insert(await taking.takeIds(count))
    await inserted
    taking.settle((sink, _isMine, nowMs) => {
      for (const row of rows) countRow(sink, kind, row, nowMs)
    })
    await counting.flush()
    return rows
  }

  const addKey = async (tenantId: string, scopes: readonly string[], pageIds: readonly number[] | null = null) =>
    (await tenants.createApiKey({ tenantId, name: 'test', scopes, pageIds }, Date.now())).key

  return {
    tenants,
    pages,
    addKey,
    async addTenant(name: string): Promise<TestTenant> {
      const tenant = await tenants.create(name, Date.now())
      return { id: tenant._id, key: await addKey(tenant._id, ALL_SCOPES) }
    },
    async addPage(tenant: TestTenant, facebookPageId: string): Promise<PageRow> {
      const { page } = await pages.connect(
        { tenantId: tenant.id, facebookPageId, accessToken: `token-of-${facebookPageId}`, name: 'Angkor Coffee' },
        Date.now(),
      )
      return page
    },
    /** Conversations with their contacts; `fields` says what is special about the i-th. */
    async addConversations(
      page: PageRow,
      count: number,
      fields: (i: number) => Partial<ConversationRow> = () => ({}),
    ): Promise<ConversationRow[]> {
      const rows = await addRows('conversation', count, (ids) => {
        const made = ids.map((id, i) => ({ ...conversationRow(page, id), ...fields(i) }))
        return [made, store.collection(CONVERSATIONS).insertMany(made)]
      })
      await addRows('contact', count, (ids) => {
        const made = rows.map((row, i) => contactRow(row, ids[i]!))
        return [made, store.collection(CONTACTS).insertMany(made)]
      })
      return rows.map((row) => ({ ...row, rev: 1 }))
    },
    contactsOf: ({ _id }: ConversationRow) => store.collection(CONTACTS).getMany([_id]),
    async addComment(page: PageRow, fields: Partial<CommentRow> = {}): Promise<CommentRow> {
      const [id = 0] = await sequences.take('comment', 1)
      const row = { ...commentRow(page, id), ...fields }
      await store.collection(COMMENTS).insertMany([row])
      return { ...row, rev: 1 }
    },
    async addMessages(
      conversation: ConversationRow,
      count: number,
      fields: (i: number) => Partial<MessageRow> = () => ({}),
    ): Promise<MessageRow[]> {
      const rows = await addRows('message', count, (ids) => {
        const made = ids.map((id, i) => ({ ...messageRow(conversation, id), ...fields(i) }))
        return [made, store.collection(MESSAGES).insertMany(made)]
      })
      return rows.map((row) => ({ ...row, rev: 1 }))
    },
  }
}

function conversationRow(page: PageRow, id: number): Omit<ConversationRow, 'rev'> {
  const psid = `7000${id}`
  const base = newConversation(
    { _id: `${page.id}:${psid}`, tenant_id: page.tenant_id, page_id: page.id, psid },
    null,
    T0_MS,
  )
  return {
    ...base,
    id,
    participant_name: `Customer ${id}`,
    thread_ids: [`t_${id}`],
    last_message_ms: T0_MS + id * 1000,
    last_message_direction: 'in',
    last_customer_ms: T0_MS + id * 1000,
    folder: 'inbox',
    can_reply: true,
  }
}

function contactRow(conversation: Omit<ConversationRow, 'rev'>, id: number): Omit<ContactRow, 'rev'> {
  return {
    _id: conversation._id,
    id,
    tenant_id: conversation.tenant_id,
    page_id: conversation.page_id,
    psid: conversation.psid!,
    name: `Contact ${id}`,
    name_stamp: 1,
    email: null,
    phone: null,
    custom_fields: { points: 7, nested: { vip: true } },
    tags: ['vip'],
    notes: null,
    profile_due_ms: null,
    set_by_person: [],
    event_id: null,
    last_synced_ms: T0_MS,
    created_ms: T0_MS,
  }
}

function commentRow(page: PageRow, id: number): Omit<CommentRow, 'rev'> {
  const commentId = `88_${id}`
  return {
    _id: commentKey(page.id, commentId),
    id,
    tenant_id: page.tenant_id,
    page_id: page.id,
    comment_id: commentId,
    post_id: `${page.facebook_page_id}_88`,
    parent_id: null,
    from_id: '9001',
    from_name: 'Dara',
    message: 'How much is it?',
    message_stamp: 1,
    created_ms: Date.now() - 60_000,
    edited_ms: null,
    hidden: false,
    hidden_stamp: 1,
    deleted_ms: null,
    replied_by: null,
    replied_ms: null,
  }
}

function messageRow(conversation: ConversationRow, id: number): Omit<MessageRow, 'rev'> {
  return {
    _id: `${conversation.page_id}:mid.${id}`,
    id,
    tenant_id: conversation.tenant_id,
    page_id: conversation.page_id,
    conversation_key: conversation._id,
    mid: `m_mid.${id}`,
    direction: 'in',
    from_id: conversation.psid,
    text: `Message ${id} 🙏`,
    created_ms: T0_MS + id * 1000,
    origin: 'webhook',
    stamp: (T0_MS + id * 1000) * 2 + 1,
  }
}
