import type { Clock } from '../lifecycle/clock.ts'

/** Node types whose fields are remembered apart. */
export type FieldEdge = 'page' | 'conversation' | 'messages' | 'profile'

/**
 * Which fields Facebook refuses to a page, so that it is not asked again at every call. One for the process. Forgets
 * after some hours: a permission may have been granted, and the memory must end.
 */
export interface RefusedFields {
  /** Paths. */
  of(facebookPageId: string, edge: FieldEdge): ReadonlySet<string>
  add(facebookPageId: string, edge: FieldEdge, paths: readonly string[]): void
  /** A refusal of this kind was looked into and is not for the fields: for some minutes it is not looked into again. */
  acquit(facebookPageId: string, edge: FieldEdge, refusal: string): void
  isAcquitted(facebookPageId: string, edge: FieldEdge, refusal: string): boolean
}

export interface RefusedFieldsOptions {
  readonly clock: Pick<Clock, 'now'>
  /** Default 6 hours. */
  readonly keepMs?: number
  /** Default 10,000 pages and edges; the oldest go first. */
  readonly entriesMax?: number
}

const KEEP_MS = 6 * 3_600_000
const ACQUITTED_MS = 10 * 60_000
const ENTRIES_MAX = 10_000
const NONE: ReadonlySet<string> = new Set()

export function createRefusedFields(options: RefusedFieldsOptions): RefusedFields {
  const { clock, keepMs = KEEP_MS, entriesMax = ENTRIES_MAX } = options
  const refused = createExpiring<ReadonlySet<string>>(clock, entriesMax)
  const acquitted = createExpiring<true>(clock, entriesMax)
  return {
    of: (page, edge) => refused.get(`${page}/${edge}`) ?? NONE,
    add(page, edge, paths) {
      const key = `${page}/${edge}`
      refused.set(key, new Set([...(refused.get(key) ?? NONE), ...paths]), keepMs)
    },
    acquit: (page, edge, refusal) => acquitted.set(`${page}/${edge}/${refusal}`, true, ACQUITTED_MS),
    isAcquitted: (page, edge, refusal) => acquitted.get(`${page}/${edge}/${refusal}`) ?? false,
  }
}

function createExpiring<V>(clock: Pick<Clock, 'now'>, max: number) {
  const entries = new Map<string, { readonly value: V; readonly untilMs: number }>()
  return {
    get(key: string): V | undefined {
      const entry = entries.get(key)
      if (entry === undefined || entry.untilMs > clock.now()) return entry?.value
      entries.delete(key)
      return undefined
    },
    set(key: string, value: V, keepMs: number): void {
      entries.delete(key)
      const oldest = entries.keys().next().value
      if (entries.size >= max && oldest !== undefined) entries.delete(oldest)
      entries.set(key, { value, untilMs: clock.now() + keepMs })
    },
  }
}
