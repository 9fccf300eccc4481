/**
 * Which limit a usage counts against. `all`: the app's own and whatever we cannot tell apart; `pages` and `messenger`:
 * the business use cases of that name (their refusals are 80001 and 80006).
 */
export type UsageScope = 'all' | 'pages' | 'messenger'

export interface ScopeUsage {
  /** The highest of the percentages told. */
  readonly percent: number
  /** How long Facebook asks to wait, 0 where it does not. */
  readonly waitMs: number
}

/**
 * How much of its limits Facebook says is used. A scope that is missing was not told of: the headers come "once enough
 * calls have been made", and an answer from Facebook's edge (an HTML 502) has none.
 */
export type GraphUsage = Readonly<Partial<Record<UsageScope, ScopeUsage>>>

export const NO_USAGE: GraphUsage = {}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const PERCENTAGES = ['call_count', 'total_time', 'total_cputime'] as const
const MINUTE_MS = 60_000
/** Longer is not believed: the windows of all limits are a day at most. */
const WAIT_MAX_MS = 24 * 60 * MINUTE_MS

/**
 * Reads `X-App-Usage`, `X-Page-Usage` (no longer documented) and `X-Business-Use-Case-Usage` (Graph API "Rate
 * limits"). The last may hold up to 32 objects: where the page's own entry is among them, the other pages' do not
 * count for it. What does not parse is as if it were not there.
 */
export function readUsage(headers: Headers, facebookPageId?: string): GraphUsage {
  let usage = NO_USAGE
  for (const name of ['x-app-usage', 'x-page-usage'])
    usage = mergeUsage(usage, { all: scopeUsage(parse(headers[name])) })
  const business = asObject(parse(headers['x-business-use-case-usage'])) ?? {}
  const own = facebookPageId === undefined ? undefined : business[facebookPageId]
  const lists = own === undefined ? Object.values(business) : [own]
  for (const entry of lists.flat()) usage = mergeUsage(usage, { [scopeOf(asObject(entry)?.type)]: scopeUsage(entry) })
  return usage
}

/** Both told: the higher percentage, the longer wait. */
export function mergeUsage(one: GraphUsage, other: Partial<Record<UsageScope, ScopeUsage | undefined>>): GraphUsage {
  const merged: Partial<Record<UsageScope, ScopeUsage>> = { ...one }
  for (const [name, added] of Object.entries(other)) {
    const scope = name as UsageScope
    const before = merged[scope]
    if (added === undefined) continue
    merged[scope] = {
      percent: Math.max(added.percent, before?.percent ?? 0),
      waitMs: Math.max(added.waitMs, before?.waitMs ?? 0),
    }
  }
  return merged
}

/** The longest wait that any scope asks for; 0 where none does. */
export function longestWaitMs(usage: GraphUsage): number {
  return Math.max(0, ...Object.values(usage).map(({ waitMs }) => waitMs))
}

function scopeOf(type: unknown): UsageScope {
  return type === 'pages' || type === 'messenger' ? type : 'all'
}

function scopeUsage(counts: unknown): ScopeUsage | undefined {
  const values = asObject(counts)
  if (values === undefined) return undefined
  return {
    percent: Math.max(...PERCENTAGES.map((name) => asNumber(values[name]))),
    waitMs: Math.min(WAIT_MAX_MS, asNumber(values.estimated_time_to_regain_access) * MINUTE_MS),
  }
}

function parse(header: string | string[] | undefined): unknown {
  if (typeof header !== 'string') return undefined
  try {
    return JSON.parse(header)
  } catch {
    return undefined
  }
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}

function asNumber(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}
