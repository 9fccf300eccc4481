import { isCut } from '../faults/fault-schema.ts'
import { readFormParameters, splitTarget } from '../http/read-parameters.ts'
import { GraphError, invalidParameter } from './graph-error.ts'
import { asObject, type GraphContext, json } from './graph-request.ts'

const MOST_PARTS = 50

/** `POST /` with `batch`: each part is a call of its own, with its own status, counted one by one. */
export async function runBatch(context: GraphContext) {
  const { request, world } = context
  const parts = json(request, 'batch')
  if (!Array.isArray(parts)) throw invalidParameter('Param batch must be an array.')
  if (parts.length === 0) throw invalidParameter('Param batch must not be empty')
  if (parts.length > MOST_PARTS)
    throw new GraphError(100, `Too many requests in batch message. Maximum batch size is ${MOST_PARTS}`, {
      type: 'GraphBatchException',
    })
  const withHeaders = request.parameters.include_headers !== 'false' && request.parameters.include_headers !== false
  const answers: unknown[] = []
  const named = new Map<string, string>()
  for (const given of parts) {
    const part = asObject(given)
    const target = part?.relative_url
    if (part === undefined || typeof target !== 'string')
      throw invalidParameter('Each part of a batch needs method and relative_url')
    const { version, path, parameters } = splitTarget(filled(target, named))
    const body = typeof part.body === 'string' ? readFormParameters(filled(part.body, named)) : {}
    const { access_token: own = request.token, ...all } = { ...parameters, ...body }
    const method = String(part.method ?? 'GET').toUpperCase()
    const single = {
      method,
      version: version ?? request.version,
      path,
      parameters: all,
      token: String(own),
      proof: request.proof,
      origin: request.origin,
    }
    const { answer, fault } = await world.handle(single, 'batched')
    // A part that got no answer is null, as one that timed out on Facebook.
    if (isCut(fault)) {
      answers.push(null)
      continue
    }
    const text = JSON.stringify(answer.body)
    if (typeof part.name === 'string') named.set(part.name, text)
    const headers = Object.entries(answer.headers).map(([name, value]) => ({ name, value }))
    const silent =
      typeof part.name === 'string' &&
      part.omit_response_on_success !== false &&
      answer.status === 200 &&
      isUsed(part.name, parts)
    answers.push(silent ? null : { code: answer.status, ...(withHeaders ? { headers } : {}), body: text })
  }
  return answers
}

/** Replaces `{result=name:$.data.*.id}` by what the named part answered. */
function filled(target: string, named: Map<string, string>): string {
  return target.replace(/\{result=([\w-]+):\$\.([\w.*]+)\}/g, (_whole, name: string, path: string) => {
    let values: unknown[] = [JSON.parse(named.get(name) ?? 'null')]
    for (const step of path.split('.')) {
      values = values.flatMap((value) => {
        if (value === null || typeof value !== 'object') return []
        if (step === '*') return Object.values(value)
        const found = (value as Record<string, unknown>)[step]
        return found === undefined ? [] : [found]
      })
    }
    return values.map(String).join(',')
  })
}

/** Facebook leaves out the answer of a part whose result another part takes, unless told otherwise. */
const isUsed = (name: string, parts: unknown[]): boolean => JSON.stringify(parts).includes(`{result=${name}:`)
