import type { Change, ChangeType } from '@pagesync/shared/model/change.ts'
import { type ChangedEntity, entityChange, type Told } from '@pagesync/shared/model/entity-change.ts'
import { isCountedBy } from '@pagesync/shared/model/merge-conversation.ts'
import type { MessageKnowledge } from '@pagesync/shared/model/merge-message.ts'
import type { MergedRow } from '@pagesync/shared/store/merge-rows.ts'
import type { ConversationRow, MessageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { AppliedRows } from './apply-events.ts'
import { conversationFields, messageFields } from './change-fields.ts'
import type { EventEffect } from './event-effect.ts'

/**
 * What to announce after a batch, derived from the events and the rows as they stand, never from what this very call
 * wrote: a batch that comes again after a crash announces the same changes under the same ids.
 */
export function changesOfEvents(effects: readonly EventEffect[], rows: AppliedRows, nowMs: number): Change[] {
  const changes: Change[] = []
  const byConversation = new Map<string, EventEffect[]>()
  for (const effect of effects) {
    const messageChange = changeOfMessage(effect, rows, nowMs)
    if (messageChange) changes.push(messageChange)
    const contactChange = changeOfContact(effect, rows, nowMs)
    if (contactChange) changes.push(contactChange)
    if (effect.conversationKey === null) continue
    const group = byConversation.get(effect.conversationKey)
    if (group) group.push(effect)
    else byConversation.set(effect.conversationKey, [effect])
  }
  for (const [key, group] of byConversation) {
    const row = rows.conversations.get(key)
    const change = row && changeOfConversation(group, row, nowMs)
    if (change) changes.push(change)
  }
  // Facebook may repeat a webhook within one batch.
  return [...new Map(changes.map((each) => [each.id, each])).values()]
}

/** `distinction` is by default the event: a batch that comes again announces the same. */
function change(
  type: ChangeType,
  { event, page }: EventEffect,
  entity: ChangedEntity,
  told: Pick<Told, 'fields' | 'distinction' | 'atMs'>,
): Change {
  return entityChange(entity, page, { distinction: event.id, ...told, type, cause: { event_id: event.id } })
}

function changeOfMessage(effect: EventEffect, rows: AppliedRows, atMs: number): Change | null {
  if (!effect.message) return null
  const merged = rows.messages.get(effect.message.identity._id) as MergedRow<MessageRow>
  const type = messageChangeType(effect, merged, effect.message.knowledge)
  if (type === null) return null
  const row = merged.after
  const conversationId = rows.conversations.get(row.conversation_key)?.after.id ?? null
  return change(type, effect, row, { fields: messageFields(row, conversationId), atMs })
}

function messageChangeType(
  { event }: EventEffect,
  { before, after }: MergedRow<MessageRow>,
  knowledge: MessageKnowledge,
): ChangeType | null {
  switch (knowledge.kind) {
    case 'detail':
      // Whoever sent it has told of it, where the answer came before this echo.
      if (after.event_id === event.id && !(after.origin === 'send' && after.written_by !== undefined))
        return 'message.created'
      return before !== after ? 'message.updated' : null
    case 'edit':
      return after.text_stamp === knowledge.stamp ? 'message.updated' : null
    case 'delete':
      return after.deleted_ms === knowledge.at_ms ? 'message.deleted' : null
    case 'reaction':
      return after.reactions?.some(
        ({ stamp, from_id }) => stamp === knowledge.stamp && from_id === knowledge.reaction.from_id,
      )
        ? 'message.updated'
        : null
    case 'stub':
      return null
  }
}

function changeOfContact(effect: EventEffect, rows: AppliedRows, atMs: number): Change | null {
  const row = effect.conversationKey === null ? undefined : rows.contacts.get(effect.conversationKey)
  if (!row || row.event_id !== effect.event.id) return null
  return change('contact.created', effect, row, { fields: { facebook_id: row.psid, name: row.name }, atMs })
}

function changeOfConversation(
  group: readonly EventEffect[],
  { before, after }: MergedRow<ConversationRow>,
  atMs: number,
): Change | null {
  const last = group.at(-1) as EventEffect
  const creator = group.find(({ event }) => event.id === after.event_id)
  if (creator) return change('conversation.created', creator, after, { fields: conversationFields(null, after), atMs })
  // Counted before, so perhaps not announced before: then all is said again.
  const repeated = before !== null && group.some(({ position }) => isCountedBy(before, position))
  const fields = conversationFields(repeated ? null : before, after)
  if (Object.keys(fields).length === 0) return null
  return change('conversation.updated', last, after, { fields, distinction: after.rev, atMs })
}
