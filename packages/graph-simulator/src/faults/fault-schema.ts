import { type Static, Type } from '@sinclair/typebox'
import { CALL_KINDS } from '../graph/call-log.ts'

const positive = (description: string) => Type.Integer({ minimum: 1, maximum: 1_000_000_000, description })

export const FaultActionSchema = Type.Object(
  {
    delay_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 600_000, description: 'Waits before anything else' })),
    answer_delay_ms: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 600_000, description: 'Waits after it was done' }),
    ),
    apply: Type.Optional(Type.Boolean({ description: 'Does what the call asks for, and then answers wrongly' })),
    apply_then_lose: Type.Optional(
      Type.Boolean({ description: 'Does it, then cuts the connection: the answer is lost' }),
    ),
    error: Type.Optional(
      Type.Object(
        {
          code: Type.Integer(),
          subcode: Type.Optional(Type.Integer()),
          message: Type.Optional(Type.String()),
          type: Type.Optional(Type.String()),
          status: Type.Optional(Type.Integer({ minimum: 400, maximum: 599 })),
          is_transient: Type.Optional(Type.Boolean()),
          user_title: Type.Optional(Type.String()),
          user_msg: Type.Optional(Type.String()),
          data: Type.Optional(Type.Unknown()),
          regain_minutes: Type.Optional(Type.Integer({ minimum: 0 })),
        },
        { additionalProperties: false },
      ),
    ),
    status: Type.Optional(Type.Integer({ minimum: 200, maximum: 599 })),
    body: Type.Optional(Type.Unknown({ description: 'JSON, or a text that is sent as it is' })),
    html: Type.Optional(Type.Boolean({ description: 'An HTML error page (status 502 unless given)' })),
    empty: Type.Optional(Type.Boolean({ description: 'No body at all' })),
    truncate: Type.Optional(Type.Boolean({ description: 'The right answer, cut in the middle' })),
    reset: Type.Optional(Type.Boolean({ description: 'Cuts the connection before an answer' })),
    timeout: Type.Optional(Type.Boolean({ description: 'Never answers' })),
  },
  { additionalProperties: false, minProperties: 1 },
)

export const FaultSchema = Type.Object(
  {
    match: Type.Optional(
      Type.Object(
        {
          method: Type.Optional(Type.String()),
          path: Type.Optional(
            Type.String({ description: 'Beginning of the path without version, or `/regular expression/`' }),
          ),
          kind: Type.Optional(Type.Union(CALL_KINDS.map((kind) => Type.Literal(kind)))),
          page: Type.Optional(Type.String()),
          query: Type.Optional(
            Type.Record(Type.String(), Type.String(), { description: 'Parameters that must be equal' }),
          ),
          nth: Type.Optional(positive('Only from the n-th matching call on')),
        },
        { additionalProperties: false },
      ),
    ),
    times: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000_000, default: 1, description: 'How many calls (default 1)' }),
    ),
    action: FaultActionSchema,
  },
  { additionalProperties: false },
)

export type Fault = Static<typeof FaultSchema>
export type FaultAction = Static<typeof FaultActionSchema>

/** Does the call what it was asked for, though its answer is spoilt, late or lost? */
export const isApplied = (fault: FaultAction): boolean =>
  fault.apply === true || fault.apply_then_lose === true || fault.truncate === true || isOnlyLate(fault)

const isOnlyLate = (fault: FaultAction): boolean =>
  Object.keys(fault).every((name) => name === 'delay_ms' || name === 'answer_delay_ms')

/** Ends without an answer. */
export const isCut = (fault: FaultAction | undefined): boolean =>
  fault?.reset === true || fault?.timeout === true || fault?.apply_then_lose === true
