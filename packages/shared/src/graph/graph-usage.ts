/** How much of its limits Facebook says is used, read off the headers of every answer. */
export interface GraphUsage {
  /** The highest of all percentages told; 0 where none was. */
  readonly percent: number
  /** How long Facebook asks to wait, 0 where it does not. */
  readonly waitMs: number
}

type Headers = Readonly<Record<string, string | string[] | undefined>>

const FLAT = ['x-app-usage', 'x-page-usage'] as const
const PERCENTAGES = ['call_count', 'total_time', 'total_cputime'] as const
const MINUTE_MS = 60_000
const WAIT_MAX_MS = 24 * 60 * MINUTE_MS

/** Reads `X-App-Usage`, `X-Page-Usage` and `X-Business-Use-Case-Usage`. What does not parse is as if it were not there. */
export function readUsage(headers: Headers): GraphUsage {
  let percent = 0
  let waitMs = 0
  const add = (counts: unknown): void => {
    if (typeof counts !== 'object' || counts === null) return
    const values = counts as Record<string, unknown>
    for (const name of PERCENTAGES) percent = Math.max(percent, asNumber(values[name]))
    waitMs = Math.max(waitMs, Math.min(WAIT_MAX_MS, asNumber(values.estimated_time_to_regain_access) * MINUTE_MS))
  }
  for (const name of FLAT) add(parse(headers[name]))
  const business = parse(headers['x-business-use-case-usage'])
  if (typeof business === 'object' && business !== null) {
    for (const entries of Object.values(business)) if (Array.isArray(entries)) entries.forEach(add)
  }
  return { percent, waitMs }
}

function parse(header: string | string[] | undefined): unknown {
  if (typeof header !== 'string') return undefined
  try {
    return JSON.parse(header)
  } catch {
    return undefined
  }
}

function asNumber(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0
}
