import type { KeywordBody } from '@pagesync/shared/automations/custom-keyword.ts'
import type { FaqBody } from '@pagesync/shared/automations/faq.ts'
import type { InstantReplyBody } from '@pagesync/shared/automations/instant-reply.ts'
import type { FaqRow, InstantReplyRow, KeywordRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { RuleContent } from '@pagesync/shared/store/repositories/rule-collection.ts'

/** A rule's part as a caller writes it, and as a row holds it: with every default said. */

type PartContent<T extends InstantReplyRow | KeywordRow> = Omit<RuleContent<T>, 'automation_id'>

export const instantReplyContent = (body: InstantReplyBody): PartContent<InstantReplyRow> => ({
  trigger: body.trigger,
  message: body.message,
  delay_seconds: body.delay_seconds ?? 0,
  include_name: body.include_name ?? false,
  is_active: body.is_active ?? true,
  hours: body.hours ?? null,
  timezone: body.timezone ?? null,
})

export const instantReplyBody = (row: InstantReplyRow): InstantReplyBody => ({
  trigger: row.trigger,
  message: row.message,
  delay_seconds: row.delay_seconds,
  include_name: row.include_name,
  is_active: row.is_active,
  hours: row.hours,
  timezone: row.timezone,
})

export const keywordContent = (body: KeywordBody): PartContent<KeywordRow> => ({
  keyword: body.keyword,
  match_type: body.match_type,
  response_message: body.response_message,
  is_active: body.is_active ?? true,
})

export const keywordBody = ({ keyword, match_type, response_message, is_active }: KeywordRow): KeywordBody => ({
  keyword,
  match_type,
  response_message,
  is_active,
})

export const faqContent = (body: FaqBody): RuleContent<FaqRow> => ({
  question: body.question,
  answer: body.answer,
  keywords: body.keywords ?? [],
  category: body.category ?? null,
  order: body.order ?? 0,
  is_active: body.is_active ?? true,
})

export const faqBody = ({ question, answer, keywords, category, order, is_active }: FaqRow): FaqBody => ({
  question,
  answer,
  keywords: [...keywords],
  category,
  order,
  is_active,
})
