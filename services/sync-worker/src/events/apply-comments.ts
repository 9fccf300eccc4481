import type { LogPosition } from '@pagesync/shared/model/merge-conversation.ts'
import { type Stamp, webhookStamp } from '@pagesync/shared/model/stamp.ts'
import { type Draft, type MergedRow, mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import { type CommentRow, commentKey, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Sequences } from '@pagesync/shared/store/repositories/sequences.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import type { EventEffect } from './event-effect.ts'

/** What a `feed` change says of one comment. */
interface CommentKnowledge {
  readonly page: PageRow
  readonly value: Readonly<Record<string, unknown>>
  readonly stamp: Stamp
  readonly atMs: number
  readonly position: LogPosition
}

/** Stores the comments under the page's posts that a batch tells of. In any order, any number of times. */
export async function applyComments(
  effects: readonly EventEffect[],
  { synced, sequences }: { readonly synced: SyncedCollections; readonly sequences: Sequences },
): Promise<ReadonlyMap<string, MergedRow<CommentRow>>> {
  const incoming = new Map<string, CommentKnowledge[]>()
  for (const { event, page, position } of effects) {
    if (event.type !== 'facebook.feed.changed') continue
    const value = event.raw.value as Readonly<Record<string, unknown>>
    const id = textOf(value.comment_id)
    if (value.item !== 'comment' || id === null) continue
    const known = { page, value, stamp: webhookStamp(event.time_ms), atMs: event.time_ms, position }
    const key = commentKey(page.id, id)
    incoming.set(key, [...(incoming.get(key) ?? []), known])
  }
  if (incoming.size === 0) return new Map()
  return mergeRows<CommentRow, CommentKnowledge>({
    collection: synced.comments,
    incoming,
    expect: 'new',
    takeIds: (count) => sequences.take('comment', count),
    fold: (row, all, key) => all.reduce<Draft<CommentRow> | null>((draft, known) => merge(draft, known, key), row),
  })
}

function merge(row: Draft<CommentRow> | null, known: CommentKnowledge, key: string): Draft<CommentRow> {
  const { value, stamp, atMs } = known
  const base = row ?? newComment(known, key)
  switch (value.verb) {
    case 'remove':
      return base.deleted_ms === null ? { ...base, deleted_ms: atMs } : base
    case 'hide':
    case 'unhide':
      return stamp > base.hidden_stamp ? { ...base, hidden: value.verb === 'hide', hidden_stamp: stamp } : base
    default:
      return mergeText(base, known)
  }
}

/** `add`, `edit` and `edited` tell the text; `add` also who wrote it and when. */
function mergeText(row: Draft<CommentRow>, { value, stamp, atMs, position }: CommentKnowledge): Draft<CommentRow> {
  const isEdit = value.verb !== 'add'
  const from = (typeof value.from === 'object' && value.from !== null ? value.from : {}) as Record<string, unknown>
  const next: Draft<CommentRow> = {
    ...row,
    post_id: row.post_id ?? textOf(value.post_id),
    parent_id: row.parent_id ?? textOf(value.parent_id),
    from_id: row.from_id ?? textOf(from.id) ?? textOf(value.sender_id),
    from_name: row.from_name ?? textOf(from.name),
    edited_ms: isEdit ? Math.max(row.edited_ms ?? 0, atMs) : row.edited_ms,
    ...(isEdit || row.log_offset !== undefined
      ? {}
      : { log_partition: position.partition, log_offset: position.offset }),
    ...(stamp > row.message_stamp ? { message: textOf(value.message), message_stamp: stamp } : {}),
  }
  return Object.entries(next).some(([name, now]) => row[name as keyof typeof row] !== now) ? next : row
}

function newComment({ page, value, atMs }: CommentKnowledge, key: string): Draft<CommentRow> {
  return {
    _id: key,
    tenant_id: page.tenant_id,
    page_id: page.id,
    comment_id: textOf(value.comment_id) as string,
    post_id: textOf(value.post_id),
    parent_id: textOf(value.parent_id),
    from_id: null,
    from_name: null,
    message: null,
    message_stamp: 0,
    created_ms: typeof value.created_time === 'number' ? value.created_time * 1_000 : atMs,
    edited_ms: null,
    hidden: false,
    hidden_stamp: 0,
    deleted_ms: null,
    replied_by: null,
    replied_ms: null,
  }
}

/** Ids have been seen as numbers. */
function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : typeof value === 'number' ? String(value) : null
}
