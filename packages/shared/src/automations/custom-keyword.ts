import { type Static, Type } from '@sinclair/typebox'
import { closedObject, cooldownMinutes, DelaySeconds, KEYWORD_LENGTH_MAX, ReplyText } from './limits.ts'

export const KEYWORD_COOLDOWN_MINUTES = 1

export const CustomKeywordConfig = closedObject({
  cooldown_minutes: Type.Optional(cooldownMinutes(KEYWORD_COOLDOWN_MINUTES)),
  delay_seconds: Type.Optional(DelaySeconds),
})
export type CustomKeywordConfig = Readonly<Static<typeof CustomKeywordConfig>>

/** In the order in which the matching keywords of one automation are preferred. */
export const MATCH_TYPES = ['exact', 'starts_with', 'ends_with', 'contains', 'regex'] as const
export const MatchType = Type.Union(MATCH_TYPES.map((type) => Type.Literal(type)))
export type MatchType = Static<typeof MatchType>

export const KeywordBody = closedObject({
  keyword: Type.String({ minLength: 1, maxLength: KEYWORD_LENGTH_MAX }),
  match_type: MatchType,
  response_message: ReplyText,
  is_active: Type.Optional(Type.Boolean({ description: 'Default true' })),
})
export type KeywordBody = Readonly<Static<typeof KeywordBody>>

export interface KeywordRule extends KeywordBody {
  readonly id: number
  readonly automation_id: number
}
