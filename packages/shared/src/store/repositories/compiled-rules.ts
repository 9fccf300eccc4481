import { hash } from 'node:crypto'
import { type CompiledRules, compileRules } from '../../automations/compile-rules.ts'
import type { Clock } from '../../lifecycle/clock.ts'
import type { Automations, RulesOfPage } from './automations.ts'

/** The rules of pages, compiled and kept while nobody changes them. */
export interface RulesCache {
  /** Of pages that the caller has checked. A change made elsewhere is seen after `freshMs` at the latest. */
  of(pageIds: readonly number[]): Promise<ReadonlyMap<number, CompiledRules>>
}

interface Kept {
  readonly rules: CompiledRules
  readonly version: number
  /** Which rows, and which state of each, they were compiled from. */
  readonly source: string
  readonly weight: number
  readonly readAtMs: number
  checkedAtMs: number
}

/** Rules of all pages together, a page itself counted as one: those asked for last are kept. */
const RULES_MAX = 100_000
/** Whoever changed rules and died before saying so: rows are read anew after this, and compiled where they differ. */
const READ_AGAIN_MS = 3_600_000
const PAGES_AT_ONCE = 20

export function createRulesCache(
  automations: Pick<Automations, 'versions' | 'rulesOf'>,
  clock: Clock,
  freshMs: number,
  rulesMax = RULES_MAX,
): RulesCache {
  /** The page that was asked for last comes last. */
  const kept = new Map<number, Kept>()
  let weight = 0

  const drop = (pageId: number): void => {
    weight -= kept.get(pageId)?.weight ?? 0
    kept.delete(pageId)
  }
  const keep = (pageId: number, entry: Kept): void => {
    drop(pageId)
    kept.set(pageId, entry)
    weight += entry.weight
    for (const oldest of kept.keys()) {
      if (weight <= rulesMax || oldest === pageId) break
      drop(oldest)
    }
  }

  const refresh = async (pageId: number, version: number): Promise<CompiledRules> => {
    const known = kept.get(pageId)
    const now = clock.now()
    if (known && known.version === version && now - known.readAtMs < READ_AGAIN_MS) {
      keep(pageId, { ...known, checkedAtMs: now })
      return known.rules
    }
    // The version is older than the rules or as old: what changes in between is read again at the next look.
    const rows = await automations.rulesOf(pageId)
    const newest = kept.get(pageId)
    if (newest && newest.version > version) return newest.rules
    const source = sourceOf(rows)
    const rules = known?.source === source ? known.rules : compileRules(rows)
    keep(pageId, { rules, version, source, weight: weightOf(rows), readAtMs: now, checkedAtMs: now })
    return rules
  }

  return {
    async of(pageIds) {
      const now = clock.now()
      const found = new Map<number, CompiledRules>()
      const stale: number[] = []
      for (const id of new Set(pageIds)) {
        const known = kept.get(id)
        if (!known || now - known.checkedAtMs >= freshMs) stale.push(id)
        else {
          keep(id, known)
          found.set(id, known.rules)
        }
      }
      const versions = stale.length > 0 ? [...(await automations.versions(stale))] : []
      for (let i = 0; i < versions.length; i += PAGES_AT_ONCE) {
        const some = versions.slice(i, i + PAGES_AT_ONCE)
        const rules = await Promise.all(some.map(([id, version]) => refresh(id, version)))
        some.forEach(([id], at) => {
          found.set(id, rules[at] as CompiledRules)
        })
      }
      return found
    },
  }
}

const rowsOf = ({ automations, instantReplies, keywords, faqs }: RulesOfPage) => [
  ...automations,
  ...instantReplies,
  ...keywords,
  ...faqs,
]

const weightOf = (rows: RulesOfPage): number => 1 + rowsOf(rows).length

/** Ids of rules are given once for each kind, and every change of a row raises its `rev`. */
function sourceOf(rows: RulesOfPage): string {
  const kinds = [rows.automations, rows.instantReplies, rows.keywords, rows.faqs]
  return hash('sha256', kinds.map((of) => of.map(({ id, rev }) => `${id}@${rev}`).join()).join(';'), 'base64url')
}
