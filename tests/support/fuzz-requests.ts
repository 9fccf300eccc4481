import { Buffer } from 'node:buffer'

/** A request as bytes: nothing of it need be sound. */
export interface FuzzRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
}

/** A route of the OpenAPI document. */
export interface FuzzRoute {
  readonly method: string
  /** With `{name}` where ids stand. */
  readonly path: string
  readonly query: readonly { readonly name: string; readonly schema: Schema }[]
  readonly body: Schema | null
}

export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly maxLength?: number
  readonly maximum?: number
}

/** Numbers in [0, 1) that one seed always gives again (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const deep = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`

/** What has broken servers before, as values of JSON. */
const NASTY: readonly string[] = [
  'null',
  'true',
  '-1',
  '0',
  '1e999',
  '-0.0000001',
  '9007199254740993',
  '99999999999999999999999999',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"null"',
  `"${'x'.repeat(3_000)}"`,
  '"\' OR 1=1 --"',
  '"../../etc/passwd"',
  '"{{7*7}}"',
  '"(a+)+$"',
  '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"',
  '"🙏‮𝔘"',
  '[]',
  '[[[[]]]]',
  '{}',
  '{"$ne":1}',
  '{"$gt":""}',
  '{"$where":"sleep(1000)"}',
  '{"$regex":".*"}',
  '{"__proto__":{"admin":true}}',
  '{"constructor":{"prototype":{"admin":true}}}',
  '{"toString":1,"hasOwnProperty":2}',
  '{"length":1e9}',
  deep(60),
]

/** Bodies that are no JSON, or too much of it. */
const RAW_BODIES: readonly Buffer[] = [
  Buffer.from(''),
  Buffer.from(' '),
  Buffer.from('{'),
  Buffer.from('{"a":1}}'),
  Buffer.from('nul'),
  Buffer.from('{"a":1,"a":2}'),
  Buffer.from("{'a':1}"),
  Buffer.from([0xff, 0xfe, 0x00]),
  Buffer.from([0x22, 0xc3, 0x28, 0x22]),
  Buffer.from([0xef, 0xbb, 0xbf, 0x7b, 0x7d]),
  Buffer.from(deep(5_000)),
  Buffer.from('['.repeat(20_000)),
  Buffer.from(`{"name":"${'x'.repeat(70_000)}"}`),
  Buffer.from('a=1&b=2'),
]

const PATH_GARBAGE: readonly string[] = [
  '0',
  '-1',
  '1.5',
  'NaN',
  '1e9',
  '99999999999999999999',
  '9007199254740992',
  '%00',
  '%',
  '%E0%A4%A',
  '%FF',
  '..%2F..%2Fetc',
  '$ne',
  '{"$ne":1}',
  '__proto__',
  'constructor',
  ' ',
  '%20',
  'x'.repeat(250),
  '1;drop',
  '１',
].map((text) => encodeURI(text).replaceAll('%25', '%'))

const QUERY_GARBAGE: readonly string[] = [
  'status[$ne]=open',
  'limit[$gt]=1',
  'limit=1&limit=2',
  'cursor=%00',
  'cursor=eyJsIjoiYSIsInAiOnt9fQ',
  '__proto__[admin]=1',
  'constructor.prototype=1',
  'q=%FF%FE',
  'q=(a%2B)%2B%24',
  'a=&b&=c&&&',
  `q=${'x'.repeat(2_000)}`,
  'limit=1e2',
  'limit=-1',
  'sort=$natural',
  '%',
  'x[][][]=1',
]

const CONTENT_TYPES = ['application/json', 'application/json; charset=utf-8', 'text/plain', 'multipart/form-data', 'x']

export interface FuzzIds {
  /** An id that fits the place `{name}` of a path, which the token's owner has. */
  idFor(path: string, param: string): string
  readonly tokens: readonly string[]
}

/** Requests to these routes, half of them nearly as their schemas say, half of them garbage. */
export function createFuzz(
  routes: readonly FuzzRoute[],
  resolve: (ref: string) => Schema,
  ids: FuzzIds,
  random: () => number,
): () => FuzzRequest {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const chance = (share: number): boolean => random() < share
  const nasty = (): string => pick(NASTY)

  const value = (schema: Schema, level = 0): string => {
    if (level > 6 || chance(0.06)) return nasty()
    if (schema.$ref) return value(resolve(schema.$ref), level + 1)
    if (schema.anyOf) return value(pick(schema.anyOf), level + 1)
    if (schema.const !== undefined) return JSON.stringify(schema.const)
    if (schema.enum) return JSON.stringify(pick(schema.enum))
    const type = typeof schema.type === 'string' ? schema.type : pick(schema.type ?? ['string'])
    if (type === 'string') return JSON.stringify(text(schema))
    if (type === 'integer' || type === 'number')
      return String(Math.floor(random() * Math.min(schema.maximum ?? 50, 50)))
    if (type === 'boolean') return chance(0.5) ? 'true' : 'false'
    if (type === 'null') return 'null'
    if (type === 'array')
      return `[${Array.from({ length: Math.floor(random() * 3) }, () => value(schema.items ?? {}, level + 1)).join(',')}]`
    return object(schema, level)
  }

  const text = ({ maxLength = 40 }: Schema): string =>
    pick([
      '1',
      'read',
      'hello',
      '2027-01-01T00:00:00Z',
      '70001',
      'https://example.com/a.png',
      '*/5 * * * *',
      'ភាសា',
    ]).slice(0, maxLength)

  const object = ({ properties = {} }: Schema, level: number): string => {
    const members = Object.entries(properties)
      .filter(() => chance(0.8))
      .map(([name, schema]) => `${JSON.stringify(name)}:${value(schema, level + 1)}`)
    if (chance(0.05)) members.push(`"${pick(['__proto__', 'constructor', '$set', 'unknown', 'tenant_id'])}":${nasty()}`)
    return `{${members.join(',')}}`
  }

  const body = ({ body: schema }: FuzzRoute): Buffer | null => {
    if (chance(0.1)) return pick(RAW_BODIES)
    if (!schema) return chance(0.1) ? Buffer.from(nasty()) : null
    return Buffer.from(chance(0.1) ? nasty() : value(schema))
  }

  const path = (route: FuzzRoute): string => {
    const filled = route.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
      chance(0.75) ? ids.idFor(route.path, name) : pick(PATH_GARBAGE),
    )
    const query = route.query
      .filter(() => chance(0.4))
      .map(({ name, schema }) =>
        `${name}=${encodeURIComponent(value(schema).replace(/^"|"$/g, ''))}`.replace(/%ED%../, ''),
      )
    if (chance(0.15)) query.push(pick(QUERY_GARBAGE))
    const suffix = chance(0.03) ? pick(['/', '//', '/..', '/%2e%2e', ';x', '/extra']) : ''
    return `${filled}${suffix}${query.length > 0 ? `?${query.join('&')}` : ''}`
  }

  const headers = (hasBody: boolean): Record<string, string> => ({
    ...(chance(0.93) ? { authorization: `Bearer ${pick(ids.tokens)}` } : {}),
    ...(hasBody ? { 'content-type': chance(0.93) ? 'application/json' : pick(CONTENT_TYPES) } : {}),
    prefer: chance(0.93) ? 'respond-async' : pick(['wait=0', 'wait=99999999999', 'wait=-1', 'x', ',,;=']),
    ...(chance(0.05) ? { 'idempotency-key': pick(['a', 'x'.repeat(300), '$ne', ' ']) } : {}),
    ...(chance(0.03) ? { 'last-event-id': pick(['0:1', '0:99999999999999', 'x', '-1:-1']) } : {}),
    ...(chance(0.02) ? { traceparent: pick(['x', '00-0-0-00', '']) } : {}),
    ...(chance(0.02) ? { 'x-forwarded-for': pick(['127.0.0.1', 'nonsense', '::::']) } : {}),
  })

  return () => {
    const route = pick(routes)
    const sent = route.method === 'GET' && chance(0.98) ? null : body(route)
    const method = chance(0.02) ? pick(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']) : route.method
    return { method, path: path(route), headers: headers(sent !== null), body: method === 'HEAD' ? null : sent }
  }
}
