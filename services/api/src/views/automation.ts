import { AUTOMATION_TYPES } from '@pagesync/shared/automations/automation.ts'
import { MATCH_TYPES } from '@pagesync/shared/automations/custom-keyword.ts'
import type {
  AutomaticReplyRow,
  AutomationRow,
  InstantReplyRow,
  KeywordRow,
} from '@pagesync/shared/store/repositories/automation-rows.ts'
import { NEVER_USED, type RuleCount } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { type Static, Type } from '@sinclair/typebox'
import { Id, nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

const Count = Type.Integer({ minimum: 0 })
const TypeWord = wordOf(AUTOMATION_TYPES)

export const Automation = Type.Object(
  {
    id: Id,
    page_id: Id,
    name: Type.String(),
    type: TypeWord,
    is_active: Type.Boolean(),
    config: Type.Record(Type.String(), Type.Unknown(), { description: 'By type; what is not named is the default' }),
    order: Type.Integer({ description: 'Lower is asked first; equal ones by type, then by id' }),
    trigger_count: Count,
    last_triggered_at: nullable(Time),
    created_at: Time,
    updated_at: Time,
  },
  { $id: 'Automation', description: 'What a page answers by itself, and when' },
)
export type Automation = Static<typeof Automation>

export function presentAutomation(row: AutomationRow, count: RuleCount = NEVER_USED): Automation {
  const { id, page_id, name, type, is_active, config, order } = row
  return {
    ...{ id, page_id, name, type, is_active, config: { ...config }, order },
    trigger_count: count.uses,
    last_triggered_at: rfc3339OrNull(count.last_used_ms),
    created_at: rfc3339(row.created_ms),
    updated_at: rfc3339(row.updated_ms),
  }
}

export const InstantReply = Type.Object(
  {
    id: Id,
    automation_id: Id,
    page_id: Id,
    trigger: wordOf(['new_message', 'new_conversation', 'specific_time']),
    message: Type.String(),
    delay_seconds: Type.Integer(),
    include_name: Type.Boolean(),
    is_active: Type.Boolean(),
    hours: nullable(Type.Record(Type.String(), Type.Array(Type.Array(Type.String())))),
    timezone: nullable(Type.String()),
    trigger_count: Count,
    last_triggered_at: nullable(Time),
    created_at: Time,
    updated_at: Time,
  },
  { $id: 'InstantReply', description: 'A greeting: one part of an automation of type instant_reply' },
)
export type InstantReply = Static<typeof InstantReply>

export function presentInstantReply(row: InstantReplyRow, count: RuleCount = NEVER_USED): InstantReply {
  const { id, automation_id, page_id, trigger, message, delay_seconds, include_name, is_active, hours, timezone } = row
  return {
    ...{ id, automation_id, page_id, trigger, message, delay_seconds, include_name, is_active, timezone },
    hours: hours as InstantReply['hours'],
    trigger_count: count.triggers,
    last_triggered_at: rfc3339OrNull(count.last_used_ms),
    created_at: rfc3339(row.created_ms),
    updated_at: rfc3339(row.updated_ms),
  }
}

export const Keyword = Type.Object(
  {
    id: Id,
    automation_id: Id,
    page_id: Id,
    keyword: Type.String(),
    match_type: wordOf(MATCH_TYPES),
    response_message: Type.String(),
    is_active: Type.Boolean(),
    match_count: Count,
    last_used_at: nullable(Time),
    created_at: Time,
    updated_at: Time,
  },
  { $id: 'Keyword', description: 'One keyword of an automation of type custom_keyword, and what it answers' },
)
export type Keyword = Static<typeof Keyword>

export function presentKeyword(row: KeywordRow, count: RuleCount = NEVER_USED): Keyword {
  const { id, automation_id, page_id, keyword, match_type, response_message, is_active } = row
  return {
    ...{ id, automation_id, page_id, keyword, match_type, response_message, is_active },
    match_count: count.triggers,
    last_used_at: rfc3339OrNull(count.last_used_ms),
    created_at: rfc3339(row.created_ms),
    updated_at: rfc3339(row.updated_ms),
  }
}

export const AutomaticReply = Type.Object(
  {
    id: Id,
    page_id: Id,
    conversation_id: nullable(Id),
    automation_id: nullable(Type.Integer({ description: 'Null where a person sent the answer of an FAQ' })),
    type: TypeWord,
    part: nullable(wordOf(['instant_reply', 'keyword', 'faq'])),
    part_id: nullable(Type.Integer()),
    command_id: nullable(Type.String({ description: 'The send; null where nothing was sent (an alert)' })),
    answered_id: nullable(Type.String({ description: "Facebook's id of the message or comment that was answered" })),
    feedback: nullable(wordOf(['helpful', 'unhelpful'])),
    feedback_at: nullable(Time),
    at: Time,
  },
  { $id: 'AutomaticReply', description: 'What an automation did, once' },
)
export type AutomaticReply = Static<typeof AutomaticReply>

export function presentAutomaticReply(row: AutomaticReplyRow, conversationId: number | null): AutomaticReply {
  const { id, page_id, automation_id, automation_type, part, part_id, command_id, answered_id, feedback } = row
  return {
    ...{ id, page_id, automation_id, part, part_id, command_id, answered_id, feedback },
    conversation_id: conversationId,
    type: automation_type,
    feedback_at: rfc3339OrNull(row.feedback_ms),
    at: rfc3339(row.at_ms),
  }
}
