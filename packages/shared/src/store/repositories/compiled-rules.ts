import { type CompiledRules, compileRules } from '../../automations/compile-rules.ts'
import type { Clock } from '../../lifecycle/clock.ts'
import type { Automations } from './automations.ts'

/** The rules of pages, compiled and kept while nobody changes them. */
export interface RulesCache {
  /** Of pages that the caller has checked. A change made elsewhere is seen after `freshMs` at the latest. */
  of(pageIds: readonly number[]): Promise<ReadonlyMap<number, CompiledRules>>
}

interface Kept {
  readonly rules: CompiledRules
  readonly version: number
  readonly readAtMs: number
  checkedAtMs: number
}

const PAGES_MAX = 2_000
/** Whoever changed rules and died before saying so: they are read anew after this in any case. */
const KEPT_MS = 300_000

export function createRulesCache(
  automations: Pick<Automations, 'versions' | 'rulesOf'>,
  clock: Clock,
  freshMs: number,
): RulesCache {
  const kept = new Map<number, Kept>()

  const read = async (pageId: number, version: number): Promise<void> => {
    // The version is older than the rules or as old: what changes in between is read again at the next look.
    const rules = compileRules(await automations.rulesOf(pageId))
    const now = clock.now()
    if (kept.size >= PAGES_MAX) kept.clear()
    kept.set(pageId, { rules, version, readAtMs: now, checkedAtMs: now })
  }

  return {
    async of(pageIds) {
      const now = clock.now()
      const stale = pageIds.filter((id) => now - (kept.get(id)?.checkedAtMs ?? 0) >= freshMs)
      const found = new Map<number, CompiledRules>()
      for (const id of pageIds) {
        const rules = kept.get(id)?.rules
        if (rules && !stale.includes(id)) found.set(id, rules)
      }
      const versions = stale.length > 0 ? await automations.versions(stale) : new Map<number, number>()
      for (const [id, version] of versions) {
        const known = kept.get(id)
        if (known && known.version === version && now - known.readAtMs < KEPT_MS) known.checkedAtMs = now
        else await read(id, version)
        const rules = kept.get(id)?.rules
        if (rules) found.set(id, rules)
      }
      return found
    },
  }
}
