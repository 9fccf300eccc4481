import type { FaqRule } from './faq.ts'
import { storedPartProblem } from './rule-problems.ts'

export interface CompiledFaq {
  readonly rule: FaqRule
  /** Why it can answer nothing; null: it can. */
  readonly problem: string | null
}

/** FAQs in the order in which those that fit alike are preferred; those that cannot answer are the last. */
export function compileFaqs(rules: readonly FaqRule[]): CompiledFaq[] {
  return rules
    .map((rule) => ({ rule, problem: storedPartProblem('faq', rule) }))
    .sort(
      (a, b) =>
        Number(canAnswer(b)) - Number(canAnswer(a)) ||
        (a.rule.order ?? 0) - (b.rule.order ?? 0) ||
        a.rule.id - b.rule.id,
    )
}

export function canAnswer({ rule, problem }: CompiledFaq): boolean {
  return problem === null && rule.is_active !== false
}
