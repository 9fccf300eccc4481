import type { PageEvent } from '@pagesync/shared/model/page-event.ts'
import type { Tombstone } from '@pagesync/shared/store/repositories/tombstones.ts'

/** Whom an event is about: the person of its conversation, or whoever wrote the comment that it tells of. */
export function personOfEvent(event: PageEvent): string | null {
  if (event.psid !== null || event.type !== 'facebook.feed.changed') return event.psid
  const { from, sender_id } = event.raw.value as { from?: { id?: unknown }; sender_id?: unknown }
  const id = from?.id ?? sender_id
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null
}

/** Does the person themselves turn to the page? That alone brings back who was erased. */
export function isOwnMessage({ type }: PageEvent): boolean {
  return type === 'facebook.message.received' || type === 'facebook.postback'
}

/** Is it about a message that must have been there before? Such an event may be newer than the erasure, its message is not. */
export function needsMessage({ type }: PageEvent): boolean {
  return (
    type === 'facebook.message.edited' || type === 'facebook.message.deleted' || type === 'facebook.message.reaction'
  )
}

/** May the event of somebody who was erased be stored? Pure. */
export function admitsEvent(event: PageEvent, { erased_ms, lifted_ms }: Tombstone): boolean {
  if (event.type === 'facebook.feed.changed') return commentedMs(event) > erased_ms
  return lifted_ms !== null && event.time_ms > erased_ms && event.time_ms >= lifted_ms
}

/** A public comment needs no conversation: a new one is admitted for itself, and what is told of an old one is not. */
function commentedMs({ raw, time_ms }: PageEvent & { type: 'facebook.feed.changed' }): number {
  const { created_time } = raw.value as { created_time?: unknown }
  return typeof created_time === 'number' ? created_time * 1_000 : time_ms
}
