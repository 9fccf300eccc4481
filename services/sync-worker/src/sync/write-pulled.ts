import { hash } from 'node:crypto'
import { mergeCounted } from '@pagesync/shared/counting/merge-counted.ts'
import { type GraphConversation, type GraphMessage, graphTimeMs } from '@pagesync/shared/graph/graph-shapes.ts'
import { type ContactKnowledge, mergeContact } from '@pagesync/shared/model/merge-contact.ts'
import {
  type ConversationDraft,
  type ConversationStep,
  changedFields,
  mergeConversation,
  newConversation,
} from '@pagesync/shared/model/merge-conversation.ts'
import {
  type MessageDraft,
  type MessageIdentity,
  type MessageKnowledge,
  mergeMessage,
} from '@pagesync/shared/model/merge-message.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { pullStamp, type Stamp } from '@pagesync/shared/model/stamp.ts'
import { type Draft, type MergedRow, mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import {
  type ContactRow,
  type ConversationRow,
  conversationKey,
  type MessageRow,
  messageKey,
} from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'
import { snippetOf } from '../events/snippet.ts'
import { takeLabelOffAgain } from '../push/take-label-off-again.ts'
import { changesOfPull } from './changes-of-pull.ts'
import { newestMs, reachesKnown } from './message-times.ts'
import { messageKnowledge, onlyParticipant, type Participant, threadStep } from './pulled-knowledge.ts'

/** A conversation as one answer of Facebook's showed it, with whichever of its messages came along. */
export interface PulledConversation {
  readonly thread: GraphConversation
  readonly folder: string | undefined
  readonly messages: readonly GraphMessage[]
  /**
   * Whether these are all messages of the conversation. `open-unless-known`: not all, but enough if they go back to
   * what is stored completely.
   */
  readonly messagesEnd: 'reached' | 'open' | 'open-unless-known' | 'not-asked'
  readonly requestedAtMs: number
  /** Fields that Facebook refused to the page: what is missing of them is not empty. */
  readonly droppedFields: readonly string[]
}

export interface PulledRows {
  readonly conversations: ReadonlyMap<string, MergedRow<ConversationRow>>
  readonly messages: ReadonlyMap<string, MergedRow<MessageRow>>
  readonly contacts: ReadonlyMap<string, MergedRow<ContactRow>>
}

interface Placed extends PulledConversation {
  readonly key: string
  readonly psid: string | null
  readonly participant: Participant | null
  readonly stamp: Stamp
}

/** Merges one answer's worth of conversations, messages and contacts, in bulk, and announces what changed. */
export async function writePulled(
  pulled: readonly PulledConversation[],
  context: OperationContext,
): Promise<PulledRows> {
  const placed = await context.keepOut.admit(
    context.page,
    pulled.map((each) => place(each, context)),
  )
  const [contacts, messages] = await Promise.all([writeContacts(placed, context), writeMessages(placed, context)])
  const keptFromMs = await context.keepOut.messagesFromMs(context.page)
  const quoted = placed.map((each) => withoutOldSnippet(each, keptFromMs))
  const conversations = await writeConversations(quoted, messages, context)
  await announceChanges({ conversations, messages, contacts }, context)
  await followReopened(conversations, context)
  return { conversations, messages, contacts }
}

/** A message whose webhook was lost opens an archived conversation as well. */
async function followReopened(conversations: PulledRows['conversations'], context: OperationContext): Promise<void> {
  const { page, command } = context
  for (const { before, after } of conversations.values()) {
    if (before?.status !== 'archived') continue
    const commandId = `reopen.${hash('sha256', `${after._id}\n${after.status_stamp}`, 'base64url')}`
    const off = takeLabelOffAgain(after, page, { commandId, toldBy: command.command_id, trigger: command.trigger })
    if (off) await context.submit(off)
  }
}

/**
 * Merges messages of one known conversation. Older ones tell nothing new of it, so its row is touched only where the
 * newest may be among them.
 */
export async function writePulledMessages(
  key: string,
  messages: readonly GraphMessage[],
  requestedAtMs: number,
  context: OperationContext,
  { areNewest }: { readonly areNewest: boolean },
): Promise<PulledRows['messages']> {
  const pulled = { key, psid: psidOfKey(key, context), messages, stamp: pullStamp(requestedAtMs) }
  const merged = await writeMessages(await context.keepOut.admit(context.page, [pulled]), context)
  const conversations = await mergeNewest(
    key,
    areNewest ? newestMessageSteps([...merged.values()], pulled.stamp) : [],
    context,
  )
  await announceChanges({ conversations, contacts: new Map(), messages: merged }, context)
  await followReopened(conversations, context)
  return merged
}

function mergeNewest(
  key: string,
  steps: readonly ConversationStep[],
  { synced, command, signal }: OperationContext,
): Promise<PulledRows['conversations']> {
  return mergeRows<ConversationRow, ConversationStep>({
    collection: synced.conversations,
    incoming: new Map(steps.length === 0 ? [] : [[key, steps]]),
    expect: 'existing',
    signal,
    fold: (row, all) =>
      row && signed(row, all.reduce<ConversationDraft>(mergeConversation, row) as ConversationRow, command.command_id),
  })
}

async function announceChanges(rows: PulledRows, { page, command, clock, counting, announce }: OperationContext) {
  const changes = changesOfPull(rows, page, command.command_id, clock.now())
  await announce(changes)
  counting.count(page, 'items_changed', changes.length)
}

/** Notes that all messages of a conversation up to a time are stored. */
export async function markComplete(key: string, upToMs: number, { synced, signal }: OperationContext): Promise<void> {
  await mergeRows<ConversationRow, number>({
    collection: synced.conversations,
    incoming: new Map([[key, [upToMs]]]),
    expect: 'existing',
    signal,
    fold: (row) => row && (mergeConversation(row, { kind: 'complete', up_to_ms: upToMs }) as Draft<ConversationRow>),
  })
}

/** Where a thread's rows stand: by the person if there is exactly one, else by the thread. */
export function keyOfThread(thread: GraphConversation, context: OperationContext): string {
  return conversationKey(context.page.id, onlyParticipant(thread, context.page.facebook_page_id)?.psid ?? thread.id)
}

/** A snippet is the text of the newest message. */
function withoutOldSnippet(placed: Placed, keptFromMs: number | null): Placed {
  const updatedMs = graphTimeMs(placed.thread.updated_time)
  if (keptFromMs === null || updatedMs === null || updatedMs >= keptFromMs) return placed
  const { snippet: _old, ...thread } = placed.thread
  return { ...placed, thread }
}

function place(pulled: PulledConversation, context: OperationContext): Placed {
  const participant = onlyParticipant(pulled.thread, context.page.facebook_page_id)
  const psid = participant?.psid ?? null
  const stamp = pullStamp(pulled.requestedAtMs)
  return { ...pulled, key: keyOfThread(pulled.thread, context), psid, participant, stamp }
}

/** Null where the conversation stands by its thread. */
function psidOfKey(key: string, { page }: OperationContext): string | null {
  const who = key.slice(`${page.id}:`.length)
  return who.startsWith('t_') ? null : who
}

/** Marks a changed row with the command that wrote it; leaves an unchanged one as it is. */
function signed<T extends { readonly written_by?: string }>(before: T | null, after: T, commandId: string): T {
  return after === before ? after : { ...after, written_by: commandId }
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key)
  if (list) list.push(value)
  else map.set(key, [value])
}

function writeContacts(
  placed: readonly Placed[],
  { synced, counting, page, clock, command, signal }: OperationContext,
) {
  const incoming = new Map<string, ContactKnowledge[]>()
  for (const { key, participant, stamp, requestedAtMs } of placed) {
    if (!participant) continue
    const identity = { _id: key, tenant_id: page.tenant_id, page_id: page.id, psid: participant.psid }
    push(incoming, key, {
      ...identity,
      name: participant.name,
      stamp,
      event_id: null,
      synced_ms: requestedAtMs,
      now_ms: clock.now(),
    })
  }
  return mergeCounted<ContactRow, ContactKnowledge>(counting, 'contact', {
    collection: synced.contacts,
    incoming,
    expect: 'existing',
    signal,
    fold: (row, known) =>
      signed(row, known.reduce<Draft<ContactRow> | null>(mergeContact, row) as Draft<ContactRow>, command.command_id),
  })
}

function writeMessages(
  placed: readonly Pick<Placed, 'key' | 'messages' | 'stamp'>[],
  { synced, counting, page, command, signal }: OperationContext,
) {
  const incoming = new Map<string, { identity: MessageIdentity; knowledge: MessageKnowledge }[]>()
  for (const { key, messages, stamp } of placed) {
    for (const message of messages) {
      const id = messageKey(page.id, canonicalMid(message.id))
      const identity = { _id: id, tenant_id: page.tenant_id, page_id: page.id, conversation_key: key, mid: message.id }
      push(incoming, id, { identity, knowledge: messageKnowledge(message, page.facebook_page_id, stamp) })
    }
  }
  return mergeCounted<MessageRow, { identity: MessageIdentity; knowledge: MessageKnowledge }>(counting, 'message', {
    collection: synced.messages,
    incoming,
    expect: 'new',
    signal,
    fold: (row, all) => {
      const after = all.reduce<MessageDraft | null>(
        (draft, { knowledge, identity }) => mergeMessage(draft, knowledge, identity),
        row,
      ) as Draft<MessageRow>
      return signed(row, after, command.command_id)
    },
  })
}

function writeConversations(
  placed: readonly Placed[],
  messages: PulledRows['messages'],
  { synced, counting, page, clock, command, signal }: OperationContext,
) {
  const incoming = new Map<string, Placed[]>()
  for (const each of placed) push(incoming, each.key, each)
  return mergeCounted<ConversationRow, Placed>(counting, 'conversation', {
    collection: synced.conversations,
    incoming,
    expect: 'existing',
    signal,
    fold: (row, threads, key) => {
      const psid = threads[0]?.participant?.psid ?? null
      let next: ConversationDraft =
        row ?? newConversation({ _id: key, tenant_id: page.tenant_id, page_id: page.id, psid }, null, clock.now())
      for (const thread of threads) {
        next = mergeConversation(
          next,
          threadStep(thread.thread, thread.folder, thread.participant, thread.stamp, thread.droppedFields),
        )
        for (const step of newestMessageSteps(rowsOf(thread, messages, page.id), thread.stamp))
          next = mergeConversation(next, step)
        const completeUpToMs = completeUpTo(thread, row?.messages_complete_ms ?? null)
        if (completeUpToMs !== null) next = mergeConversation(next, { kind: 'complete', up_to_ms: completeUpToMs })
      }
      // Each pull moves times of knowledge that nobody sees: that alone is no change.
      const seen = row === null || Object.keys(changedFields(row, next)).length > 0
      return seen ? signed(row, next as Draft<ConversationRow>, command.command_id) : (next as Draft<ConversationRow>)
    },
  })
}

/** Up to when all messages are stored after this answer; null when there is a gap. */
function completeUpTo({ messages, messagesEnd }: Placed, knownUpToMs: number | null): number | null {
  const complete =
    messagesEnd === 'reached' || (messagesEnd === 'open-unless-known' && reachesKnown(messages, knownUpToMs))
  return complete ? newestMs(messages) : null
}

function rowsOf({ messages }: Placed, rows: PulledRows['messages'], pageId: number): MergedRow<MessageRow>[] {
  return messages.flatMap(({ id }) => rows.get(messageKey(pageId, canonicalMid(id))) ?? [])
}

/** Only the newest message of each direction matters to its conversation. */
function newestMessageSteps(rows: readonly MergedRow<MessageRow>[], stamp: Stamp): ConversationStep[] {
  const newest = new Map<'in' | 'out', MessageRow>()
  for (const { after: row } of rows) {
    if (!row.direction) continue
    const known = newest.get(row.direction)
    if (!known || row.created_ms > known.created_ms) newest.set(row.direction, row)
  }
  return [...newest.values()].map((row) => ({
    kind: 'message',
    stamp,
    mid: row.mid,
    direction: row.direction as 'in' | 'out',
    snippet: snippetOf(row),
    created_ms: row.created_ms,
    automatic: row.automation_id !== undefined,
    first_told: null,
  }))
}
