import { type Static, Type } from '@sinclair/typebox'
import { closedObject, DelaySeconds, KEYWORD_LENGTH_MAX, ReplyText } from './limits.ts'

export const CommentToMessageConfig = closedObject({
  message: ReplyText,
  keywords: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: KEYWORD_LENGTH_MAX }), {
      maxItems: 100,
      description: 'Only comments that contain one of them; default all',
    }),
  ),
  post_ids: Type.Optional(
    Type.Array(Type.String({ pattern: '^[0-9]{1,32}(_[0-9]{1,32})?$' }), {
      maxItems: 100,
      uniqueItems: true,
      description: "Only comments of these posts (Facebook's ids); default all",
    }),
  ),
  delay_seconds: Type.Optional(DelaySeconds),
})
export type CommentToMessageConfig = Readonly<Static<typeof CommentToMessageConfig>>
