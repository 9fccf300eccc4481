import type { FaultAction } from '../faults/fault-rules.ts'
import type { World } from '../world.ts'
import { authenticate } from './access.ts'
import { type CallKind, classOf, loggedQuery } from './call-log.ts'
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

export interface HandleOptions {
  /** A part of a batch: faults of connections make no sense there, its cost is its own. */
  readonly batched?: boolean
}

/** Runs one Graph call: fault, token, limits, handler, log. Never throws. */
export function createCallHandler(world: World) {
  const traceIds = createTraceIds(world.seed)

  const refuse = (error: GraphError): GraphAnswer => {
    const status = error.detail.status ?? world.switches.httpStatusByCode[error.code] ?? 400
    return {
      status,
      body: errorBody(error, traceIds()),
      headers: { 'www-authenticate': authenticateHeader(error), ...error.detail.headers },
    }
  }

  const run = async (call: ResolvedCall, request: GraphRequest): Promise<GraphAnswer> => {
    try {
      const token = call.needsToken ? authenticate(world, request) : undefined
      if (call.kind !== 'batch')
        world.usage.count(call.page?.id ?? null, classOf(call.kind), costOf(call.kind, request))
      const body = await call.run({ world, request, token, tally: { messages: 0 } })
      return { status: 200, body, headers: {} }
    } catch (error) {
      if (error instanceof GraphError) return refuse(error)
      throw error
    }
  }

  const pretended = (fault: FaultAction, page: string | null): GraphAnswer => {
    const { error } = fault
    if (error === undefined) return { status: fault.status ?? 200, body: fault.body ?? {}, headers: {} }
    const {
      code,
      subcode,
      message = `(#${code}) Made to fail`,
      type,
      status,
      is_transient,
      user_title,
      user_msg,
      data,
    } = error
    const detail = {
      subcode,
      type,
      status,
      isTransient: is_transient,
      userTitle: user_title,
      userMessage: user_msg,
      data,
    }
    const answer = refuse(new GraphError(code, message, detail))
    if (error.regain_minutes === undefined || page === null) return answer
    const row = { type: code === 80001 ? 'pages' : 'messenger', call_count: 100, total_cputime: 20, total_time: 40 }
    const usage = { [page]: [{ ...row, estimated_time_to_regain_access: error.regain_minutes }] }
    return { ...answer, headers: { ...answer.headers, 'x-business-use-case-usage': JSON.stringify(usage) } }
  }

  return async (request: GraphRequest, { batched = false }: HandleOptions = {}): Promise<HandledCall> => {
    const begun = performance.now()
    const at = world.clock.now()
    const token = request.token === undefined ? undefined : world.tokens.find(request.token)
    const version = answeringVersion(request.version, at)
    const call = resolveCall(world, request, token)
    const page = call.page?.id ?? null
    const path = `/${request.path.join('/')}`
    const fault = world.faults.take({ method: request.method, path, kind: call.kind, page, query: request.parameters })

    let answer: GraphAnswer
    if (version === undefined) answer = refuse(new GraphError(2500, `Unknown path components: ${path}`))
    else if (fault === undefined || isApplied(fault)) answer = await run(call, request)
    else answer = pretended(fault, page)
    if (fault !== undefined && isApplied(fault) && fault.error !== undefined) answer = pretended(fault, page)

    const error = (answer.body as { error?: { code: number; error_subcode?: number } } | null)?.error
    world.calls.add({
      time: new Date(at).toISOString(),
      at_ms: at,
      method: request.method,
      path,
      version: request.version,
      kind: call.kind,
      class: classOf(call.kind),
      page,
      query: loggedQuery(request.parameters),
      cost: costOf(call.kind, request),
      status: isCut(fault) ? null : (fault?.status ?? answer.status),
      ...(error?.code === undefined ? {} : { code: error.code }),
      ...(error?.error_subcode === undefined ? {} : { subcode: error.error_subcode }),
      ...(fault === undefined ? {} : { fault: Object.keys(fault).join('+') }),
      ...(batched ? { batched } : {}),
      ms: Math.round((performance.now() - begun) * 1000) / 1000,
    })
    const headers = {
      'facebook-api-version': version ?? 'v26.0',
      'x-fb-trace-id': traceIds(),
      ...world.usage.headers(page),
      ...answer.headers,
    }
    return { answer: { ...answer, headers }, fault }
  }
}

export type CallHandler = ReturnType<typeof createCallHandler>

/** Faults that spoil the answer of a call that was really done. */
const isApplied = (fault: FaultAction): boolean =>
  fault.apply === true || fault.apply_then_lose === true || fault.truncate === true || isOnlyDelay(fault)

const isOnlyDelay = (fault: FaultAction): boolean => Object.keys(fault).every((name) => name === 'delay_ms')

const isCut = (fault: FaultAction | undefined): boolean =>
  fault?.reset === true || fault?.timeout === true || fault?.apply_then_lose === true

function costOf(kind: CallKind, { parameters }: GraphRequest): number {
  if (kind === 'batch') return 0
  return kind === 'multiple_ids' ? String(parameters.ids).split(',').length : 1
}
