import type { Feedback } from '../../automations/faq-feedback.ts'
import { AppError } from '../../errors/app-error.ts'
import type { Store } from '../collection.ts'
import { getAll } from '../get-all.ts'
import { type Draft, mergeRows } from '../merge-rows.ts'
import type { AutomaticReplies } from './automatic-replies.ts'
import {
  type AutomaticReplyRow,
  type CountedKind,
  countKey,
  RULE_COUNTS,
  type RuleCountRow,
} from './automation-rows.ts'

/** What a rule, or a part of one, has done so far. */
export type RuleCount = Pick<RuleCountRow, 'triggers' | 'manual' | 'uses' | 'helpful' | 'unhelpful' | 'last_used_ms'>

export const NEVER_USED: RuleCount = {
  triggers: 0,
  manual: 0,
  uses: 0,
  helpful: 0,
  unhelpful: 0,
  last_used_ms: null,
}

/**
 * Counters of rules, by the log of replies. Automatic replies are counted once each by the place at which what they
 * answered was first told, so a batch that comes again counts nothing twice. Ratings, and what a person sent, are
 * counted in the log anew whenever one comes: rare, and right after any crash.
 */
export interface RuleCounts {
  /** All of one batch, in any order. Repeatable: answers how many of each page were not counted before. */
  add(replies: readonly AutomaticReplyRow[]): Promise<ReadonlyMap<number, number>>
  /** After a rating of an FAQ's answer, or after a person sent one. Repeatable. */
  recountFaq(reply: AutomaticReplyRow): Promise<void>
  /** After an alert. Repeatable. */
  recountAutomation(alert: AutomaticReplyRow): Promise<void>
  /** Of rules of a page that the caller has checked; rules that never answered are left out. */
  of(pageId: number, kind: CountedKind, ids: readonly number[]): Promise<ReadonlyMap<number, RuleCount>>
  /** How many replies automations asked for, of each page that the caller has checked; pages without any are left out. */
  triggersOfPages(pageIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  /** The most used first, with the id of what is counted. */
  mostUsed(
    pageId: number,
    kind: CountedKind,
    limit: number,
  ): Promise<readonly (RuleCount & { readonly counted_id: number })[]>
  remove(pageId: number, kind: CountedKind, ids: readonly number[]): Promise<void>
}

const CAS_ROUNDS_MAX = 20

export function createRuleCounts(store: Store, log: AutomaticReplies): RuleCounts {
  const counts = store.collection(RULE_COUNTS)

  const recount = async (reply: AutomaticReplyRow, counted: Counted, faqId: number | undefined): Promise<void> => {
    const key = countKey(reply.page_id, counted.kind, counted.id)
    for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
      // Read before it is counted: whoever counted more in between makes this write lose.
      const [row] = await counts.getMany([key])
      const rated = (feedback: Feedback): Promise<number> | number => {
        if (counted.kind === 'automation') return 0
        return faqId === undefined ? log.ratingsOfPage(reply.page_id, feedback) : log.ratings(faqId, feedback)
      }
      const [helpful, unhelpful, manual] = await Promise.all([
        rated('helpful'),
        rated('unhelpful'),
        counted.kind === 'automation'
          ? log.countedAs(reply.page_id, 'automation', counted.id)
          : log.countedAs(reply.page_id, 'faq', faqId),
      ])
      const base = row ?? emptyCount(reply, counted)
      const lastMs = reply.counted_as === null ? base.last_used_ms : Math.max(base.last_used_ms ?? 0, reply.at_ms)
      const next = { ...base, helpful, unhelpful, manual, uses: base.triggers + manual, last_used_ms: lastMs }
      const { rev, ...fresh } = next as RuleCountRow
      if (!row && (await counts.insertMany([fresh])).existing.length === 0) return
      if (row && (await counts.replaceMany([{ ...fresh, rev }])).lost.length === 0) return
    }
    throw new AppError('WRITE_CONFLICT', 'The counters of an FAQ stayed contended')
  }

  return {
    async add(replies) {
      const incoming = new Map<string, { counted: Counted; reply: AutomaticReplyRow }[]>()
      // Messages and comments come apart: what is counted after a later place counts no earlier one.
      const inOrder = replies.toSorted((a, b) => (a.log_offset ?? 0) - (b.log_offset ?? 0))
      for (const reply of inOrder) {
        for (const counted of countedBy(reply)) {
          const key = countKey(reply.page_id, counted.kind, counted.id)
          const group = incoming.get(key)
          if (group) group.push({ counted, reply })
          else incoming.set(key, [{ counted, reply }])
        }
      }
      if (incoming.size === 0) return new Map()
      const merged = await mergeRows<RuleCountRow, { counted: Counted; reply: AutomaticReplyRow }>({
        collection: counts,
        incoming,
        expect: 'existing',
        fold: (row, group) =>
          group.reduce<Draft<RuleCountRow> | null>(
            (draft, { counted, reply }) => countOne(draft ?? emptyCount(reply, counted), reply),
            row,
          ),
      })
      const ofPages = [...merged.values()].filter(({ after }) => after.kind === 'page')
      return new Map(ofPages.map(({ before, after }) => [after.page_id, after.triggers - (before?.triggers ?? 0)]))
    },
    async recountFaq(reply) {
      if (reply.part !== 'faq' || reply.part_id === null) return
      await recount(reply, { kind: 'faq', id: reply.part_id }, reply.part_id)
      await recount(reply, { kind: 'page_faqs', id: reply.page_id }, undefined)
    },
    async recountAutomation(alert) {
      if (alert.automation_id === null) return
      await recount(alert, { kind: 'automation', id: alert.automation_id }, undefined)
    },
    async of(pageId, kind, ids) {
      if (ids.length === 0) return new Map()
      const rows = await counts.getMany(ids.map((id) => countKey(pageId, kind, id)))
      return new Map(rows.map((row) => [row.counted_id, row]))
    },
    async triggersOfPages(pageIds) {
      const rows = await getAll(
        counts,
        pageIds.map((id) => countKey(id, 'page', id)),
      )
      return new Map(rows.map((row) => [row.page_id, row.triggers]))
    },
    mostUsed: (pageId, kind, limit) =>
      counts.find({ index: 'byUses', equals: { page_id: pageId, kind }, range: { gt: 0 }, order: 'desc', limit }),
    async remove(pageId, kind, ids) {
      if (ids.length > 0) await counts.deleteMany(ids.map((id) => countKey(pageId, kind, id)))
    },
  }
}

interface Counted {
  readonly kind: CountedKind
  readonly id: number
}

/** Everything that one reply counts for. */
function countedBy({ page_id, automation_id, part, part_id }: AutomaticReplyRow): Counted[] {
  return [
    { kind: 'page', id: page_id },
    ...(automation_id === null ? [] : [{ kind: 'automation' as const, id: automation_id }]),
    ...(part === null || part_id === null ? [] : [{ kind: part, id: part_id }]),
    ...(part === 'faq' ? [{ kind: 'page_faqs' as const, id: page_id }] : []),
  ]
}

function emptyCount(reply: AutomaticReplyRow, { kind, id }: Counted): Draft<RuleCountRow> {
  const { tenant_id, page_id } = reply
  return { _id: countKey(page_id, kind, id), tenant_id, page_id, kind, counted_id: id, ...NEVER_USED, applied: {} }
}

function countOne(row: Draft<RuleCountRow>, reply: AutomaticReplyRow): Draft<RuleCountRow> {
  const { log_partition: partition, log_offset: offset, at_ms } = reply
  if (partition === null || offset === null || (row.applied[partition] ?? -1) >= offset) return row
  return {
    ...row,
    triggers: row.triggers + 1,
    uses: row.uses + 1,
    last_used_ms: Math.max(row.last_used_ms ?? 0, at_ms),
    applied: { ...row.applied, [partition]: offset },
  }
}
