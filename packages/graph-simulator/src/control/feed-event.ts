import { hash } from '../data/hash.ts'
import type { Notice } from '../webhooks/notice.ts'
import { changesNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage } from '../world.ts'
import { placeOf } from './event-maker.ts'
import type { EventOf } from './event-schemas.ts'

/**
 * Something happens on the page's wall. A comment that is added can be answered privately for seven days, by
 * `recipient: {comment_id}`.
 */
export function feedEvent(
  page: SimulatedPage,
  given: EventOf<'feed'>,
  at: number,
): { notice: Notice; commentId?: string } {
  const { item = 'comment', verb = 'add', message = 'Is this still available?' } = given
  const made = hash(page.store.plan.seed, page.comments.size, 71)
  const postId = given.post_id ?? `${page.id}_${700_000_000 + (made % 100_000)}`
  const person = given.psid === undefined ? 0 : placeOf(page, given.psid).person
  const from = { id: page.store.ids.people.encode(person), name: page.store.person(person).name }
  const base = { from, post_id: postId, created_time: Math.floor(at / 1000), item, verb }
  if (item !== 'comment') return { notice: changesNotice(page, 'feed', { ...base, message, ...given.value }) }
  const commentId = given.comment_id ?? `${postId.split('_')[1]}_${800_000_000 + (made % 100_000_000)}`
  if (verb === 'add' && !page.comments.has(commentId)) page.comments.set(commentId, { person, at, replied: false })
  if (verb === 'remove') page.comments.delete(commentId)
  const comment = {
    comment_id: commentId,
    parent_id: given.parent_id ?? postId,
    ...(verb === 'remove' ? {} : { message }),
  }
  return { notice: changesNotice(page, 'feed', { ...base, ...comment, ...given.value }), commentId }
}
