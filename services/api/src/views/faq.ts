import type { FaqRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { NEVER_USED, type RuleCount } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { type Static, Type } from '@sinclair/typebox'
import { Id, nullable, rfc3339, rfc3339OrNull, Time } from './shapes.ts'

const Count = Type.Integer({ minimum: 0 })

export const Faq = Type.Object(
  {
    id: Id,
    page_id: Id,
    question: Type.String(),
    answer: Type.String(),
    keywords: Type.Array(Type.String()),
    category: nullable(Type.String()),
    order: Type.Integer(),
    is_active: Type.Boolean(),
    match_count: Type.Integer({ minimum: 0, description: 'How often it was given, by itself or by a person' }),
    helpful_count: Count,
    unhelpful_count: Count,
    last_used_at: nullable(Time),
    created_at: Time,
    updated_at: Time,
  },
  { $id: 'Faq', description: 'A question that is often asked, and its answer' },
)
export type Faq = Static<typeof Faq>

export function presentFaq(row: FaqRow, count: RuleCount = NEVER_USED): Faq {
  const { id, page_id, question, answer, keywords, category, order, is_active } = row
  return {
    ...{ id, page_id, question, answer, keywords: [...keywords], category, order, is_active },
    match_count: count.uses,
    helpful_count: count.helpful,
    unhelpful_count: count.unhelpful,
    last_used_at: rfc3339OrNull(count.last_used_ms),
    created_at: rfc3339(row.created_ms),
    updated_at: rfc3339(row.updated_ms),
  }
}

export const FaqStats = Type.Object(
  {
    total_faqs: Count,
    total_uses: Count,
    total_helpful: Count,
    total_unhelpful: Count,
    faqs_by_category: Type.Record(Type.String(), Type.Integer(), {
      description: 'How many FAQs there are in each; those without one are under the empty name',
    }),
    top_faqs: Type.Array(
      Type.Object({ id: Id, question: Type.String(), uses: Count, helpful: Count, unhelpful: Count }),
      { description: 'The ten that were given most' },
    ),
  },
  { $id: 'FaqStats', description: 'How the FAQs of a page are used' },
)
export type FaqStats = Static<typeof FaqStats>
