import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import type { FaultAction } from '../faults/fault-schema.ts'
import type { GraphAnswer, GraphRequest } from '../graph/graph-request.ts'
import type { World } from '../world.ts'
import { parseJson } from './parse-json.ts'
import { readBody } from './read-body.ts'
import { readFormParameters, readMultipartParameters, splitTarget } from './read-parameters.ts'

const ERROR_PAGE =
  '<!DOCTYPE html><html><head><title>Error</title></head><body><h1>Sorry, something went wrong.</h1></body></html>'

/** Turns an HTTP request into a Graph call and its answer, or the fault that was asked for, back into HTTP. */
export async function answerGraph(world: World, incoming: IncomingMessage, response: ServerResponse) {
  const request = await toGraphRequest(incoming, world.origin)
  const { answer, fault } = await world.handle(request)
  if (world.switches.latencyMs > 0) await delay(world.switches.latencyMs)
  if (fault !== undefined) return playFault(fault, answer, response)
  write(response, answer.status, answer.headers, JSON.stringify(answer.body))
}

async function toGraphRequest(incoming: IncomingMessage, byDefault: string): Promise<GraphRequest> {
  const { version, path, parameters } = splitTarget(incoming.url ?? '/')
  const all: Record<string, unknown> = { ...parameters, ...(await bodyParameters(incoming)) }
  const method =
    typeof all.method === 'string' && incoming.method === 'POST' ? all.method.toUpperCase() : incoming.method!
  const bearer = /^(?:Bearer|OAuth)\s+(\S+)$/i.exec(incoming.headers.authorization ?? '')?.[1]
  const token = bearer ?? (typeof all.access_token === 'string' ? all.access_token : undefined)
  const proof = typeof all.appsecret_proof === 'string' ? all.appsecret_proof : undefined
  delete all.method
  const origin = incoming.headers.host === undefined ? byDefault : `http://${incoming.headers.host}`
  return { method, version, path, parameters: all, token, proof, origin }
}

async function bodyParameters(incoming: IncomingMessage): Promise<Record<string, unknown>> {
  if (incoming.headers['content-length'] === undefined && incoming.headers['transfer-encoding'] === undefined) return {}
  const body = await readBody(incoming)
  if (body.length === 0) return {}
  const type = incoming.headers['content-type'] ?? ''
  if (type.startsWith('multipart/form-data')) return readMultipartParameters(body, type)
  if (!type.startsWith('application/json')) return readFormParameters(body.toString('utf8'))
  try {
    const parsed: unknown = parseJson(body.toString('utf8'))
    return parsed !== null && typeof parsed === 'object' && !Array.isArray(parsed)
      ? (parsed as Record<string, unknown>)
      : {}
  } catch {
    return {}
  }
}

function playFault(fault: FaultAction, answer: GraphAnswer, response: ServerResponse) {
  if (fault.timeout) return
  if (fault.reset || fault.apply_then_lose) {
    response.socket?.resetAndDestroy()
    return
  }
  if (fault.html)
    return write(response, fault.status ?? 502, { 'content-type': 'text/html; charset="utf-8"' }, ERROR_PAGE)
  if (fault.empty) return write(response, fault.status ?? 200, {}, '')
  const status = fault.status ?? answer.status
  const body = fault.body === undefined ? answer.body : fault.body
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  write(response, status, answer.headers, fault.truncate ? text.slice(0, Math.floor(text.length / 2)) : text)
}

function write(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>, text: string) {
  const bytes = Buffer.from(text)
  response.writeHead(status, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': bytes.length,
    'cache-control': 'private, no-cache, no-store, must-revalidate',
    ...headers,
  })
  response.end(bytes)
}
