import { setTimeout as delay } from 'node:timers/promises'
import { type FaultAction, isApplied, isCut } from '../faults/fault-schema.ts'
import type { World } from '../world.ts'
import { authenticate } from './access.ts'
import { loggedQuery } from './call-log.ts'
import { authenticateHeader, errorBody, GraphError } from './graph-error.ts'
import type { GraphAnswer, GraphRequest } from './graph-request.ts'
import { type ResolvedCall, resolveCall } from './resolve-call.ts'
import { createTraceIds } from './trace-ids.ts'
import { answeringVersion } from './versions.ts'

/** How a call ended: with an answer, and with the fault that the HTTP side has to play, if any. */
export interface HandledCall {
  readonly answer: GraphAnswer
  readonly fault: FaultAction | undefined
}

export type CallHandler = (request: GraphRequest, part?: 'batched') => Promise<HandledCall>

/** Runs one Graph call: fault, token, limits, handler, log. Rejects only on a bug of the simulator. */
export function createCallHandler(world: World): CallHandler {
  const traceIds = createTraceIds(world.seed)

  const refuse = (error: GraphError): GraphAnswer => ({
    status: error.detail.status ?? world.switches.httpStatusByCode[error.code] ?? 400,
    body: errorBody(error, traceIds()),
    headers: { 'www-authenticate': authenticateHeader(error), ...error.detail.headers },
  })

  const run = async (call: ResolvedCall, request: GraphRequest): Promise<GraphAnswer> => {
    try {
      const token = call.kind === 'access_token' ? undefined : authenticate(world, request)
      if (call.cost > 0) world.usage.count(call.page?.id ?? null, call.class, call.cost)
      const body = await call.run({ world, request, token, tally: { messages: 0 } })
      return { status: 200, body, headers: {} }
    } catch (error) {
      if (error instanceof GraphError) return refuse(error)
      throw error
    }
  }

  /** The answer that a fault gives in place of the right one. */
  const pretended = (fault: FaultAction, page: string | null): GraphAnswer => {
    const { error } = fault
    if (error === undefined) return { status: fault.status ?? 200, body: fault.body ?? {}, headers: {} }
    const { code, subcode, message = `(#${code}) Made to fail`, type, status, data } = error
    const told = { userTitle: error.user_title, userMessage: error.user_msg, isTransient: error.is_transient, data }
    const answer = refuse(new GraphError(code, message, { subcode, type, status, ...told }))
    if (error.regain_minutes === undefined || page === null) return answer
    const row = { type: code === 80001 ? 'pages' : 'messenger', call_count: 100, total_cputime: 20, total_time: 40 }
    const usage = { [page]: [{ ...row, estimated_time_to_regain_access: error.regain_minutes }] }
    return { ...answer, headers: { ...answer.headers, 'x-business-use-case-usage': JSON.stringify(usage) } }
  }

  const answerOf = async (
    call: ResolvedCall,
    request: GraphRequest,
    version: string | undefined,
    fault: FaultAction | undefined,
  ) => {
    if (version === undefined) return refuse(new GraphError(2500, `Unknown path components: /${request.version}`))
    if (fault === undefined) return run(call, request)
    const answer = isApplied(fault) ? await run(call, request) : undefined
    return answer === undefined || fault.error !== undefined ? pretended(fault, call.page?.id ?? null) : answer
  }

  const log = (
    call: ResolvedCall,
    request: GraphRequest,
    answer: GraphAnswer,
    fault: FaultAction | undefined,
    begun: Begun,
  ) => {
    const error = (answer.body as { error?: { code: number; error_subcode?: number } } | null)?.error
    world.calls.add({
      time: new Date(begun.at).toISOString(),
      at_ms: begun.at,
      method: request.method,
      path: `/${request.path.join('/')}`,
      version: request.version,
      kind: call.kind,
      class: call.class,
      page: call.page?.id ?? null,
      query: loggedQuery(request.parameters),
      cost: call.cost,
      status: isCut(fault) ? null : (fault?.status ?? answer.status),
      ...(error?.code === undefined ? {} : { code: error.code }),
      ...(error?.error_subcode === undefined ? {} : { subcode: error.error_subcode }),
      ...(fault === undefined ? {} : { fault: Object.keys(fault).join('+') }),
      ...(begun.part === undefined ? {} : { batched: true }),
      ms: Math.round((performance.now() - begun.from) * 1000) / 1000,
    })
  }

  return async (request, part) => {
    const begun: Begun = { at: world.clock.now(), from: performance.now(), part }
    const token = request.token === undefined ? undefined : world.tokens.find(request.token)
    const call = resolveCall(world, request, token)
    const page = call.page?.id ?? null
    const { method, path, parameters: query } = request
    const fault = world.faults.take({ method, path: `/${path.join('/')}`, kind: call.kind, page, query })
    if (fault?.delay_ms !== undefined) await delay(fault.delay_ms)
    const version = answeringVersion(request.version, begun.at)
    const answer = await answerOf(call, request, version, fault)
    log(call, request, answer, fault, begun)
    if (fault?.answer_delay_ms !== undefined) await delay(fault.answer_delay_ms)
    const headers = {
      'facebook-api-version': version ?? 'v26.0',
      'x-fb-trace-id': traceIds(),
      ...world.usage.headers(page),
      ...answer.headers,
    }
    return { answer: { ...answer, headers }, fault }
  }
}

interface Begun {
  readonly at: number
  readonly from: number
  readonly part: 'batched' | undefined
}
