import { type Static, Type } from '@sinclair/typebox'
import type { AppError } from '../errors/app-error.ts'

/** Every error answer of every service: RFC 9457 members beside ours, as `application/problem+json`. */
export const Problem = Type.Object(
  {
    success: Type.Literal(false),
    message: Type.String(),
    status: Type.Integer(),
    code: Type.String(),
    title: Type.String(),
    detail: Type.String(),
    errors: Type.Array(Type.Object({ path: Type.String(), message: Type.String() })),
    request_id: Type.String(),
    facebook: Type.Optional(
      Type.Object({
        code: Type.Integer(),
        subcode: Type.Optional(Type.Integer()),
        type: Type.Optional(Type.String()),
        fbtrace_id: Type.Optional(Type.String()),
      }),
    ),
    command: Type.Optional(Type.Unknown()),
  },
  { $id: 'Problem', additionalProperties: true },
)
export type Problem = Static<typeof Problem>

/** Errors of kind `bug` keep their text to themselves: callers get the request id to quote. */
export function toProblem(error: AppError, requestId: string): Problem {
  const message = error.kind === 'bug' ? error.title : error.message
  return {
    success: false,
    message,
    status: error.status,
    code: error.code,
    title: error.title,
    detail: message,
    errors: error.problems.map(({ path, message }) => ({ path, message })),
    request_id: requestId,
    ...(error.facebook
      ? {
          facebook: {
            code: error.facebook.code,
            subcode: error.facebook.subcode,
            type: error.facebook.type,
            fbtrace_id: error.facebook.fbtrace_id,
          },
        }
      : {}),
  }
}
