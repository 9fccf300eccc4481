import { isDeepStrictEqual } from 'node:util'
import type { Attachment, MessageOrigin, MessageRow, Reaction } from '../store/repositories/rows.ts'
import type { Stamp } from './stamp.ts'

/** A message row that may not have been given its number yet. */
export type MessageDraft = Omit<MessageRow, 'rev' | 'id'> & { readonly id?: number; readonly rev?: number }

/** What stands fast about a message whatever we know of it. */
export interface MessageIdentity {
  readonly _id: string
  readonly tenant_id: string
  readonly page_id: number
  readonly conversation_key: string
  /** As Facebook wrote it. */
  readonly mid: string
}

/** The message as a webhook, an echo, the answer to a send, or a pull tells it. */
export interface MessageDetail {
  readonly kind: 'detail'
  readonly stamp: Stamp
  readonly origin: MessageOrigin
  /** Null where the source does not name the sender. */
  readonly direction: 'in' | 'out' | null
  readonly from_id: string | null
  readonly from_name?: string
  readonly text: string | null
  readonly attachments?: readonly Attachment[]
  readonly reply_to?: string
  readonly created_ms: number
  /** A pull's complete list; absent where the source tells none. */
  readonly reactions?: readonly Omit<Reaction, 'stamp'>[]
  readonly app_id?: string
  readonly metadata?: string
  readonly automation_id?: number
  /** Live events only. */
  readonly event_id?: string
  readonly log_partition?: number
  readonly log_offset?: number
}

export type MessageKnowledge =
  | MessageDetail
  /** Facebook lists the message but gives no detail of it. */
  | { readonly kind: 'stub'; readonly stamp: Stamp; readonly origin: MessageOrigin; readonly created_ms: number }
  | { readonly kind: 'edit'; readonly stamp: Stamp; readonly text: string; readonly at_ms: number }
  | { readonly kind: 'delete'; readonly stamp: Stamp; readonly at_ms: number }
  | { readonly kind: 'reaction'; readonly stamp: Stamp; readonly at_ms: number; readonly reaction: Reaction }

/**
 * Adds knowledge to what is stored (null: nothing yet). Any order of the same knowledge, any number of times, ends in
 * the same row: newer knowledge wins field by field, a stub never overwrites a detail, deletion stays. Answers the
 * very same object when nothing changes.
 */
export function mergeMessage(
  row: MessageDraft | null,
  knowledge: MessageKnowledge,
  identity: MessageIdentity,
): MessageDraft {
  switch (knowledge.kind) {
    case 'detail':
      return mergeDetail(row, knowledge, identity)
    case 'stub':
      return row ?? newStub(identity, knowledge)
    case 'edit':
      return mergeEdit(
        row ?? newStub(identity, { ...knowledge, origin: 'webhook', created_ms: knowledge.at_ms }),
        knowledge,
      )
    case 'delete': {
      const base = row ?? newStub(identity, { ...knowledge, origin: 'webhook', created_ms: knowledge.at_ms })
      return base.deleted_ms === undefined ? { ...base, deleted_ms: knowledge.at_ms } : base
    }
    case 'reaction': {
      const base = row ?? newStub(identity, { ...knowledge, origin: 'webhook', created_ms: knowledge.at_ms })
      const reactions = addReaction(base.reactions ?? [], knowledge.reaction)
      return reactions === base.reactions ? base : { ...base, reactions }
    }
  }
}

function newStub(
  identity: MessageIdentity,
  known: { stamp: Stamp; origin: MessageOrigin; created_ms: number },
): MessageDraft {
  return {
    ...identity,
    direction: null,
    from_id: null,
    text: null,
    created_ms: known.created_ms,
    origin: known.origin,
    stamp: known.stamp,
    stub: true,
  }
}

function mergeDetail(row: MessageDraft | null, detail: MessageDetail, identity: MessageIdentity): MessageDraft {
  if (row === null) return newDetail(identity, detail)
  const next: { -readonly [K in keyof MessageDraft]: MessageDraft[K] } = { ...row }
  if (row.stub) fillStub(next, detail)
  else {
    if (detail.stamp > (row.text_stamp ?? row.stamp) && detail.text !== row.text) setNewer(next, 'text', detail)
    if (detail.stamp > (row.content_stamp ?? row.stamp) && !sameAttachments(row.attachments, detail.attachments))
      setNewer(next, 'content', detail)
  }
  // Whichever of answer and echo comes first: it is our own send.
  if (detail.origin === 'send' && row.origin !== 'send') {
    next.origin = 'send'
    next.first_origin = row.origin
  }
  next.direction ??= detail.direction
  next.from_id ??= detail.from_id
  next.from_name ??= detail.from_name
  next.reply_to ??= detail.reply_to
  next.app_id ??= detail.app_id
  next.metadata ??= detail.metadata
  next.automation_id ??= detail.automation_id
  if (detail.event_id !== undefined && row.event_id === undefined) {
    next.event_id = detail.event_id
    next.log_partition = detail.log_partition
    next.log_offset = detail.log_offset
    // A webhook's time has milliseconds, a pull's only seconds.
    next.created_ms = detail.created_ms
  }
  if (detail.reactions) {
    const reactions = replaceReactions(row.reactions ?? [], detail.reactions, detail.stamp)
    if (reactions.length > 0) next.reactions = reactions
  }
  return isDeepStrictEqual(withoutAbsent(next), withoutAbsent(row)) ? row : withoutAbsent(next)
}

function newDetail(identity: MessageIdentity, detail: MessageDetail): MessageDraft {
  const { kind: _kind, reactions, attachments, ...fields } = detail
  const row: MessageDraft = { ...identity, ...fields }
  const extra = {
    ...(attachments && attachments.length > 0 ? { attachments } : {}),
    ...(reactions && reactions.length > 0
      ? { reactions: reactions.map((reaction) => ({ ...reaction, stamp: detail.stamp })) }
      : {}),
  }
  return withoutAbsent({ ...row, ...extra })
}

/** What a stub had learned in the meantime (an edit, a deletion, reactions) stays where it is newer. */
function fillStub(next: { -readonly [K in keyof MessageDraft]: MessageDraft[K] }, detail: MessageDetail): void {
  next.stub = undefined
  next.created_ms = detail.created_ms
  if (detail.attachments && detail.attachments.length > 0) next.attachments = detail.attachments
  if (next.text_stamp === undefined || detail.stamp > next.text_stamp) {
    next.text = detail.text
    next.text_stamp = undefined
  }
  next.stamp = detail.stamp
}

function setNewer(
  next: { -readonly [K in keyof MessageDraft]: MessageDraft[K] },
  what: 'text' | 'content',
  detail: MessageDetail,
): void {
  if (what === 'text') {
    next.text = detail.text
    next.text_stamp = detail.stamp
  } else {
    next.attachments = detail.attachments
    next.content_stamp = detail.stamp
  }
}

function mergeEdit(row: MessageDraft, edit: { stamp: Stamp; text: string; at_ms: number }): MessageDraft {
  const known = row.stub && row.text === null ? -1 : (row.text_stamp ?? row.stamp)
  // That it was edited is true even where a later pull brought the text first.
  const edited = Math.max(row.edited_ms ?? 0, edit.at_ms)
  if (edit.stamp > known) return { ...row, text: edit.text, text_stamp: edit.stamp, edited_ms: edited }
  return edited === row.edited_ms ? row : { ...row, edited_ms: edited }
}

function addReaction(reactions: readonly Reaction[], reaction: Reaction): readonly Reaction[] {
  const known = reactions.find((other) => other.from_id === reaction.from_id)
  if (known && known.stamp >= reaction.stamp) return reactions
  return [...reactions.filter((other) => other !== known), reaction]
}

/** A pull lists all reactions there are: those that it leaves out, and that are older than it, were taken back. */
function replaceReactions(
  known: readonly Reaction[],
  listed: readonly Omit<Reaction, 'stamp'>[],
  stamp: Stamp,
): readonly Reaction[] {
  let reactions = known
  for (const reaction of listed) {
    const same = known.some(
      (other) =>
        other.from_id === reaction.from_id && other.reaction === reaction.reaction && other.emoji === reaction.emoji,
    )
    if (!same) reactions = addReaction(reactions, { ...reaction, stamp })
  }
  for (const old of known) {
    const gone = old.reaction !== null && !listed.some((reaction) => reaction.from_id === old.from_id)
    if (gone) reactions = addReaction(reactions, { ...old, reaction: null, emoji: null, stamp })
  }
  return reactions
}

/** Signed links change with every read: two attachments are the same when all but the links' queries is. */
function sameAttachments(a: readonly Attachment[] | undefined, b: readonly Attachment[] | undefined): boolean {
  if ((a?.length ?? 0) !== (b?.length ?? 0)) return false
  const mark = ({ type, id, name, size, sticker_id, url }: Attachment) => [
    type,
    id,
    name,
    size,
    sticker_id,
    url?.split('?')[0],
  ]
  // A webhook gives an attachment neither id nor name: what only one side tells is no difference.
  return (a ?? []).every((attachment, i) => {
    const other = mark((b as readonly Attachment[])[i] as Attachment)
    return mark(attachment).every((value, j) => value === undefined || other[j] === undefined || value === other[j])
  })
}

function withoutAbsent<T extends object>(row: T): T {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as T
}
