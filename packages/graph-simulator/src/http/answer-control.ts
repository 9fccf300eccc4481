import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Controlled, control } from '../control/control-api.ts'
import { ControlError } from '../control/control-request.ts'
import { readBody } from './read-body.ts'

/** The control API over HTTP: JSON in, JSON out. */
export async function answerControl(controlled: Controlled, incoming: IncomingMessage, response: ServerResponse) {
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const path = url.pathname
    .split('/')
    .filter((piece) => piece !== '')
    .slice(1)
    .map(decodeURIComponent)
  try {
    const body = parse(await readBody(incoming))
    const answer = await control(controlled, { method: incoming.method ?? 'GET', path, query: url.searchParams, body })
    write(response, 200, answer)
  } catch (error) {
    if (!(error instanceof ControlError)) throw error
    write(response, error.status, { error: error.message, problems: error.problems })
  }
}

function parse(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    throw new ControlError(400, 'The request is not valid', ['body: not JSON'])
  }
}

function write(response: ServerResponse, status: number, body: unknown) {
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
  })
  response.end(text)
}
