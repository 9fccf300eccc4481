import type { PageRules } from './page-rules.ts'

/** A page's rules, indexed. Immutable: keep it while the rules' version stands. */
export interface CompiledRules {
  readonly page: PageRules
}

/** Indexes the rules of a page. Never throws: a rule that cannot be used answers nothing, and its reason says why. */
export function compileRules(page: PageRules): CompiledRules {
  return { page }
}
