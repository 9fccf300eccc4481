import type { AppError } from '../errors/app-error.ts'
import { type CallWithFields, findRefusedFields, mayBeForFields } from './find-refused-fields.ts'
import type { BatchCall } from './graph-batch.ts'
import type { GraphAnswer, GraphAttempt, GraphBatchAnswer, GraphClient, GraphRequest } from './graph-client.ts'
import { fieldsText, type GraphField, pathsIn, withoutPaths } from './graph-fields.ts'
import { NO_USAGE } from './graph-usage.ts'
import type { BucketName, CallPriority, PageBudget } from './page-budget.ts'
import type { FieldEdge } from './refused-fields.ts'

export interface PageCallsDeps {
  readonly client: GraphClient
  readonly budget: PageBudget
  readonly facebookPageId: string
  readonly accessToken: string
  readonly priority: CallPriority
  readonly signal: AbortSignal
}

/** A GET that asks for fields. */
export interface FieldsRequest {
  readonly bucket: BucketName
  readonly path: string
  readonly edge: FieldEdge
  readonly fields: readonly GraphField[]
  /** Without `fields`. */
  readonly params?: GraphRequest['params']
  readonly shrinkable?: boolean
}

export type PlainRequest = Pick<GraphRequest, 'method' | 'path' | 'params' | 'repeatable'>

/** What may have changed while a call waited for its budget. */
export interface CallGuard {
  /** Ends the waiting, with its reason; a call that was begun goes on. */
  readonly until: AbortSignal
  /** Right before each attempt: throws where it must not be made any more. */
  readonly begin: () => void | Promise<void>
}

export interface FieldsAnswer extends GraphAnswer {
  /** Paths of what Facebook refuses to this page, of what was asked for here. */
  readonly droppedFields: readonly string[]
}

/** Calls for one page: within its budget, counted, without the fields that Facebook refuses to it. */
export interface PageCalls {
  get(request: FieldsRequest, guard?: CallGuard): Promise<FieldsAnswer>
  /** A call that asks for no fields, such as a write. Only one that says it is repeatable is ever repeated. */
  plain(bucket: BucketName, request: PlainRequest, guard?: CallGuard): Promise<GraphAnswer>
  /** Counts, and draws of the budget, one for each call. */
  batch(bucket: BucketName, calls: readonly BatchCall[]): Promise<GraphBatchAnswer>
  /** The fields without those that are known to be refused, and which these are. */
  allowed(edge: FieldEdge, fields: readonly GraphField[]): { fields: readonly GraphField[]; dropped: readonly string[] }
  /** A part of a batch was refused for its rate, and did not say for how long. */
  refused(bucket: BucketName, error: AppError, requestedAtMs: number): void
  count(): number
}

export function createPageCalls(deps: PageCallsDeps): PageCalls {
  const { client, budget, priority, signal, accessToken, facebookPageId } = deps
  const { refusedFields } = client
  let count = 0

  const within = (bucket: BucketName, cost: number, guard?: CallGuard) => ({
    accessToken,
    signal,
    facebookPageId,
    beforeAttempt: async () => {
      await budget.take(bucket, priority, guard ? AbortSignal.any([signal, guard.until]) : signal, cost)
      await guard?.begin()
    },
    afterAttempt: (attempt: GraphAttempt) => {
      if (attempt.arrived) count += cost
      report(budget, bucket, attempt)
    },
  })
  const allowed: PageCalls['allowed'] = (edge, fields) => {
    const refused = refusedFields.of(facebookPageId, edge)
    return { fields: withoutPaths(fields, refused), dropped: pathsIn(fields).filter((path) => refused.has(path)) }
  }

  return {
    async get({ bucket, path, edge, fields: wanted, params, shrinkable }, guard) {
      const { fields, dropped } = allowed(edge, wanted)
      const call: CallWithFields<GraphAnswer> = (some) =>
        client.request({
          method: 'GET',
          path,
          params: { ...params, fields: fieldsText(some) },
          ...(shrinkable ? { shrinkable } : {}),
          ...within(bucket, 1, guard),
        })
      try {
        return { ...(await call(fields)), droppedFields: dropped }
      } catch (error) {
        if (!mayBeForFields(error) || refusedFields.isAcquitted(facebookPageId, edge, refusalOf(error))) throw error
        const found = await findRefusedFields(fields, error, call)
        if (!found) {
          refusedFields.acquit(facebookPageId, edge, refusalOf(error))
          throw error
        }
        refusedFields.add(facebookPageId, edge, found.refused)
        return { ...found.value, droppedFields: [...dropped, ...found.refused] }
      }
    },
    plain: (bucket, request, guard) => client.request({ ...request, ...within(bucket, 1, guard) }),
    batch: (bucket, calls) => client.batch({ calls, ...within(bucket, calls.length) }),
    allowed,
    refused: (bucket, error, requestedAtMs) =>
      report(budget, bucket, { requestedAtMs, arrived: true, usage: NO_USAGE, error }),
    count: () => count,
  }
}

const refusalOf = ({ facebook }: AppError): string => `${facebook?.code}/${facebook?.subcode ?? ''}`

/** Only what Facebook itself answered tells of limits: a time-out or a proxy's page says nothing. */
function report(budget: PageBudget, bucket: BucketName, { usage, requestedAtMs, error }: GraphAttempt): void {
  const isRate = error?.code === 'FACEBOOK_RATE_LIMITED'
  if (error !== undefined && !isRate && error.facebook === undefined) return
  const refusedWith = isRate ? (error.facebook?.code ?? null) : undefined
  budget.observe({ bucket, usage, requestedAtMs, ...(refusedWith === undefined ? {} : { refusedWith }) })
}
