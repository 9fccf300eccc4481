import type { ApiSystem } from './api-system.ts'
import { ROUTE_CALLS } from './route-calls.ts'
import { fillPath, type Things } from './tenant-things.ts'

export interface RouteAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member
  readonly body: any
  /** Ids that the request named. */
  readonly ids: readonly string[]
}

/** Calls a route as its line in `ROUTE_CALLS` says, about these things. Of a stream only the head is read. */
export async function callRoute(
  system: ApiSystem,
  name: string,
  token: string,
  things: Things,
  { withoutIds = false }: { readonly withoutIds?: boolean } = {},
): Promise<RouteAnswer> {
  const [method = '', path = ''] = name.split(' ')
  const call = ROUTE_CALLS[name]
  if (!call) throw new Error(`${name} has no line in tests/support/route-calls.ts`)
  const filled = await fillPath(path, things, call.of)
  const all = Object.entries((await call.query?.(things)) ?? {})
  const query = Object.fromEntries(all.filter(([param]) => !withoutIds || !isId(param)))
  const body = typeof call.body === 'function' ? await call.body(things) : call.body
  const hangUp = new AbortController()
  const answer = await fetch(`${system.url}${filled.path}?${new URLSearchParams(query)}`, {
    method,
    headers: {
      prefer: 'respond-async',
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: hangUp.signal,
  })
  const text = call.stream && answer.ok ? '' : await answer.text()
  hangUp.abort()
  return {
    status: answer.status,
    headers: Object.fromEntries(answer.headers),
    text,
    body: text === '' ? undefined : JSON.parse(text),
    ids: [
      ...filled.ids,
      ...Object.keys(query)
        .filter(isId)
        .map((param) => query[param]!),
      ...(typeof call.body === 'function' ? idsIn(body) : []),
    ],
  }
}

const isId = (param: string): boolean => param.endsWith('_id')

/** Numbers anywhere in a body that is made of things: they are ids. */
function idsIn(value: unknown): string[] {
  if (typeof value === 'number') return [String(value)]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(idsIn) : []
}
