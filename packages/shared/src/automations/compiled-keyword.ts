import { type KeywordRule, MATCH_TYPES } from './custom-keyword.ts'
import { foldText } from './fold-text.ts'
import { REGEX_SIZES_MAX, regexSize } from './regex-set.ts'
import { storedPartProblem } from './rule-problems.ts'

export interface CompiledKeyword {
  readonly rule: KeywordRule
  readonly folded: string
  /** Why it can match nothing; null: it can. */
  readonly problem: string | null
}

/**
 * Keywords in the order in which those that match are preferred: the way of matching (`MATCH_TYPES`), the longer, then
 * the alphabet, then the id. Patterns that would make the page's too large together are the last.
 */
export function compileKeywords(rules: readonly KeywordRule[]): CompiledKeyword[] {
  const sorted = rules
    .map((rule) => ({ rule, folded: foldText(rule.keyword) }))
    .sort(
      (a, b) =>
        MATCH_TYPES.indexOf(a.rule.match_type) - MATCH_TYPES.indexOf(b.rule.match_type) ||
        b.folded.length - a.folded.length ||
        compareText(a.folded, b.folded) ||
        a.rule.id - b.rule.id,
    )
  let sizes = 0
  return sorted.map(({ rule, folded }) => {
    const problem = storedPartProblem('keyword', rule)
    if (problem !== null || rule.match_type !== 'regex' || rule.is_active === false) return { rule, folded, problem }
    const compiled = regexSize(rule.keyword)
    const size = 'size' in compiled ? compiled.size : Number.POSITIVE_INFINITY
    if (sizes + size > REGEX_SIZES_MAX)
      return { rule, folded, problem: `the page's patterns are too large together (${REGEX_SIZES_MAX} steps)` }
    sizes += size
    return { rule, folded, problem: null }
  })
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
