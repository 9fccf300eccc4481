import type { Feedback } from '../../automations/faq-feedback.ts'
import type { Store } from '../collection.ts'
import { mergeRows } from '../merge-rows.ts'
import { AUTOMATIC_REPLIES, type AutomaticReplyRow, countedAs } from './automation-rows.ts'
import type { Sequences } from './sequences.ts'

export type NewReply = Omit<AutomaticReplyRow, 'rev' | 'id' | 'feedback' | 'feedback_ms' | 'rated_faq_id'>

export type ReplyPosition = Pick<AutomaticReplyRow, '_id' | 'id' | 'at_ms'>

/** The log of automatic replies, one for each message or comment that was answered: the truth behind counters. */
export interface AutomaticReplies {
  /** Writes those that are not there yet; answers all of them as they stand, by key. */
  record(replies: readonly NewReply[]): Promise<ReadonlyMap<string, AutomaticReplyRow>>
  /** Undefined for another tenant's as for an unknown id. */
  get(tenantId: string, id: number): Promise<AutomaticReplyRow | undefined>
  /** At most 5,000 keys; in any order, missing ones left out. */
  getByKeys(keys: readonly string[]): Promise<AutomaticReplyRow[]>
  /** The newest replies of a conversation of a page that the caller has checked, the newest first. */
  ofConversation(conversationKey: string, limit: number): Promise<AutomaticReplyRow[]>
  /** Newest first, or by rising id; by id also what is there to be counted alone (`isForgotten`). */
  ofPage(pageId: number, sort: 'newest' | 'id', limit: number, after?: ReplyPosition): Promise<AutomaticReplyRow[]>
  /** The newest word of the person stands; saying the same again changes nothing. */
  rate(row: AutomaticReplyRow, feedback: Feedback, nowMs: number): Promise<AutomaticReplyRow>
  ratings(faqId: number, feedback: Feedback): Promise<number>
  ratingsOfPage(pageId: number, feedback: Feedback): Promise<number>
  /** How many lines of the page are counted as this; without an id, all of the kind. */
  countedAs(pageId: number, kind: 'faq' | 'automation', id?: number): Promise<number>
  /**
   * Removes up to `limit` of the page's replies from before `beforeMs`; answers how many. What counters are counted from
   * stays, without when and to whom it was: it is listed no more.
   */
  forget(pageId: number, beforeMs: number, limit: number): Promise<number>
}

export function createAutomaticReplies(store: Store, sequences: Sequences): AutomaticReplies {
  const replies = store.collection(AUTOMATIC_REPLIES)
  return {
    async record(news) {
      const merged = await mergeRows<AutomaticReplyRow, NewReply>({
        collection: replies,
        incoming: new Map(news.map((reply) => [reply._id, [reply]])),
        expect: 'new',
        takeIds: (count) => sequences.take('automatic_reply', count),
        fold: (row, [reply]) =>
          row ?? { ...(reply as NewReply), feedback: null, feedback_ms: null, rated_faq_id: null },
      })
      return new Map([...merged].map(([key, { after }]) => [key, after]))
    },
    async get(tenantId, id) {
      const [row] = await replies.find({ index: 'byId', equals: { id }, limit: 1 })
      return row?.tenant_id === tenantId ? row : undefined
    },
    getByKeys: (keys) => replies.getMany(keys),
    ofConversation: (conversationKey, limit) =>
      replies.find({ index: 'byConversation', equals: { conversation_key: conversationKey }, order: 'desc', limit }),
    ofPage(pageId, sort, limit, after) {
      const equals = { page_id: pageId }
      if (sort === 'id')
        return replies.find({
          index: 'byPageId',
          equals,
          limit,
          ...(after ? { after: { id: after.id, _id: after._id } } : {}),
        })
      const position = after ? { after: { at_ms: after.at_ms, _id: after._id } } : {}
      return replies.find({ index: 'byPage', equals, range: { gt: FORGOTTEN_MS }, order: 'desc', limit, ...position })
    },
    async rate(row, feedback, nowMs) {
      const merged = await mergeRows<AutomaticReplyRow, Feedback>({
        collection: replies,
        incoming: new Map([[row._id, [feedback]]]),
        expect: 'existing',
        fold: (known) =>
          known === null || known.feedback === feedback || known.part !== 'faq'
            ? known
            : { ...known, feedback, feedback_ms: nowMs, rated_faq_id: known.part_id },
      })
      return merged.get(row._id)?.after ?? row
    },
    ratings: (faqId, feedback) => replies.count({ index: 'byRating', equals: { rated_faq_id: faqId, feedback } }),
    ratingsOfPage: (pageId, feedback) =>
      replies.count({ index: 'byPageRating', equals: { page_id: pageId, feedback } }),
    countedAs: (pageId, kind, id) =>
      id === undefined
        ? replies.count({ index: 'byCounted', equals: { page_id: pageId }, range: { gt: `${kind}/`, lt: `${kind}0` } })
        : replies.count({ index: 'byCounted', equals: { page_id: pageId, counted_as: countedAs(kind, id) } }),
    async forget(pageId, beforeMs, limit) {
      const range = { gt: FORGOTTEN_MS, lt: beforeMs }
      const old = await replies.find({ index: 'byPage', equals: { page_id: pageId }, range, limit })
      const [counted, others] = [old.filter(isCountedFrom), old.filter((row) => !isCountedFrom(row))]
      if (others.length > 0) await replies.deleteMany(others.map(({ _id }) => _id))
      // A lost race is a rating: the next turn finds it.
      if (counted.length > 0) await replies.replaceMany(counted.map(emptied))
      return old.length
    },
  }
}

/** `at_ms` of what is there to be counted alone: everything that is listed came later. */
const FORGOTTEN_MS = 0

export const isForgotten = ({ at_ms }: AutomaticReplyRow): boolean => at_ms === FORGOTTEN_MS

/** Uses and alerts that are counted by index, and ratings. All else is counted by its place, once. */
const isCountedFrom = ({ counted_as, feedback }: AutomaticReplyRow): boolean => counted_as !== null || feedback !== null

function emptied(row: AutomaticReplyRow): AutomaticReplyRow {
  return { ...row, conversation_key: null, command_id: null, answered_id: null, feedback_ms: null, at_ms: FORGOTTEN_MS }
}
