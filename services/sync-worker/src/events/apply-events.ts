import type { Counting } from '@pagesync/shared/counting/counting.ts'
import { mergeCounted } from '@pagesync/shared/counting/merge-counted.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { askedByPerson } from '@pagesync/shared/model/asked-by-person.ts'
import { mergeContact } from '@pagesync/shared/model/merge-contact.ts'
import {
  type ConversationDraft,
  type ConversationStep,
  markApplied,
  mergeConversation,
  newConversation,
} from '@pagesync/shared/model/merge-conversation.ts'
import { type MessageDraft, mergeMessage } from '@pagesync/shared/model/merge-message.ts'
import { type Answer, followWaiting } from '@pagesync/shared/model/response-times.ts'
import { webhookStamp } from '@pagesync/shared/model/stamp.ts'
import type { Draft, MergedRow } from '@pagesync/shared/store/merge-rows.ts'
import type { CommentRow, ContactRow, ConversationRow, MessageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Sequences } from '@pagesync/shared/store/repositories/sequences.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { applyComments } from './apply-comments.ts'
import { type Answered, countAnswers } from './count-answers.ts'
import type { EventEffect } from './event-effect.ts'
import { snippetOf } from './snippet.ts'

export interface ApplyDeps {
  readonly synced: SyncedCollections
  readonly sequences: Sequences
  readonly counting: Counting
  readonly clock: Clock
}

/** The rows that a batch touched, before and after it. */
export interface AppliedRows {
  readonly messages: ReadonlyMap<string, MergedRow<MessageRow>>
  readonly conversations: ReadonlyMap<string, MergedRow<ConversationRow>>
  readonly contacts: ReadonlyMap<string, ContactRow>
  readonly comments: ReadonlyMap<string, MergedRow<CommentRow>>
}

/**
 * Writes what a batch of events means, in bulk: messages and contacts first, then conversations, whose counts rest on
 * the places that the message rows keep. Applying the same batch again changes nothing.
 */
export async function applyEvents(
  effects: readonly EventEffect[],
  knownContacts: ReadonlySet<string>,
  deps: ApplyDeps,
): Promise<AppliedRows> {
  const [messages, contacts, comments] = await Promise.all([
    applyToMessages(effects, deps),
    ensureContacts(effects, knownContacts, deps),
    applyComments(effects, deps),
    keepRawEvents(effects, deps),
  ])
  const conversations = await applyToConversations(effects, messages, deps)
  return { messages, conversations, contacts, comments }
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOf(item)
    if (key === null) continue
    const group = groups.get(key)
    if (group) group.push(item)
    else groups.set(key, [item])
  }
  return groups
}

function applyToMessages(effects: readonly EventEffect[], { synced, counting }: ApplyDeps) {
  return mergeCounted<MessageRow, EventEffect>(counting, 'message', {
    collection: synced.messages,
    incoming: groupBy(effects, (effect) => effect.message?.identity._id ?? null),
    expect: 'new',
    fold: (row, group) => {
      let next = row as MessageDraft | null
      for (const { message } of group) if (message) next = mergeMessage(next, message.knowledge, message.identity)
      return next as Draft<MessageRow> | null
    },
  })
}

/** Makes the persons that are not there yet. Answers those that the batch may have made. */
async function ensureContacts(
  effects: readonly EventEffect[],
  known: ReadonlySet<string>,
  { synced, counting, clock }: ApplyDeps,
) {
  const strangers = groupBy(effects, (effect) =>
    effect.conversationKey !== null && known.has(effect.conversationKey) ? null : effect.conversationKey,
  )
  const merged = await mergeCounted<ContactRow, EventEffect>(counting, 'contact', {
    collection: synced.contacts,
    incoming: strangers,
    expect: 'existing',
    fold: (row, group, key) => {
      const { event, page } = group[0] as EventEffect
      const identity = { _id: key, tenant_id: page.tenant_id, page_id: page.id, psid: event.psid as string }
      return mergeContact(row, {
        ...identity,
        name: null,
        stamp: webhookStamp(event.time_ms),
        event_id: event.id,
        synced_ms: null,
        now_ms: clock.now(),
      })
    },
  })
  return new Map([...merged].map(([key, { after }]) => [key, after]))
}

async function keepRawEvents(effects: readonly EventEffect[], { synced }: ApplyDeps): Promise<void> {
  const rows = new Map(
    effects
      .filter((effect) => effect.keepRaw)
      .map(({ event, page }) => {
        const id = `${page.id}:${event.id}`
        const { psid, type, channel, time_ms, raw } = event
        return [id, { _id: id, tenant_id: page.tenant_id, page_id: page.id, psid, type, channel, time_ms, raw }]
      }),
  )
  if (rows.size > 0) await synced.pageEvents.insertMany([...rows.values()])
}

async function applyToConversations(
  effects: readonly EventEffect[],
  messages: AppliedRows['messages'],
  { synced, counting, clock }: ApplyDeps,
) {
  const answers = new Map<string, Answered>()
  const merged = await mergeCounted<ConversationRow, EventEffect>(counting, 'conversation', {
    collection: synced.conversations,
    incoming: groupBy(effects, (effect) => effect.conversationKey),
    expect: 'existing',
    fold: (row, group, key) => {
      const first = group[0] as EventEffect
      const identity = { _id: key, tenant_id: first.page.tenant_id, page_id: first.page.id, psid: first.event.psid }
      let next: ConversationDraft = row ?? newConversation(identity, first.event.id, clock.now())
      // Of the last fold alone: the one that was written.
      const answered: Answer[] = []
      answers.set(key, { page: first.page, answers: answered })
      for (const effect of group) {
        for (const step of stepsOf(effect, messages)) {
          if (step.kind === 'message') {
            const waiting = followWaiting(next, step)
            answered.push(...waiting.answers)
            next = waiting.row
          }
          next = mergeConversation(next, step)
        }
        // Marked one by one: a webhook repeated within one batch must find its first delivery counted.
        next = markApplied(next, effect.position)
      }
      return next
    },
  })
  countAnswers(answers.values(), counting)
  return merged
}

function stepsOf(effect: EventEffect, messages: AppliedRows['messages']): ConversationStep[] {
  const steps: ConversationStep[] = []
  const { event, message, watermark } = effect
  if (effect.customerAction) steps.push({ kind: 'customer-action', at_ms: event.time_ms })
  if (watermark) steps.push({ kind: watermark.kind, up_to_ms: watermark.up_to_ms })
  if (effect.label) steps.push({ kind: 'label', ...effect.label, stamp: webhookStamp(event.time_ms) })
  if (message?.knowledge.kind === 'detail' && message.knowledge.direction !== null) {
    const { after } = messages.get(message.identity._id) as MergedRow<MessageRow>
    const { log_partition: partition, log_offset: offset } = after
    steps.push({
      kind: 'message',
      stamp: message.knowledge.stamp,
      mid: after.mid,
      direction: message.knowledge.direction,
      snippet: snippetOf(after),
      created_ms: after.created_ms,
      automatic: after.automation_id !== undefined,
      by_person: event.type === 'facebook.message.echo' && (effect.send === undefined || askedByPerson(effect.send)),
      first_told: partition === undefined || offset === undefined ? null : { partition, offset },
    })
  }
  return steps
}
