import type { CallKind } from '../graph/call-log.ts'
import type { Fault, FaultAction } from './fault-schema.ts'

export interface FaultedCall {
  readonly method: string
  readonly path: string
  readonly kind: CallKind
  readonly page: string | null
  readonly query: Readonly<Record<string, unknown>>
}

interface Rule {
  readonly id: number
  readonly fault: Fault
  readonly pattern: ((path: string) => boolean) | undefined
  seen: number
  left: number
}

/** Rules for going wrong. The first rule that matches a call is used up by one and decides alone. */
export function createFaultRules() {
  let rules: Rule[] = []
  let lastId = 0

  const matches = ({ fault: { match = {} }, pattern }: Rule, call: FaultedCall): boolean =>
    (match.method === undefined || match.method.toUpperCase() === call.method) &&
    (match.kind === undefined || match.kind === call.kind) &&
    (match.page === undefined || match.page === call.page) &&
    (pattern === undefined || pattern(call.path)) &&
    Object.entries(match.query ?? {}).every(([name, value]) => call.query[name] === value)

  return {
    /** Throws a SyntaxError when the path is not a regular expression. */
    add(fault: Fault): number {
      const path = fault.match?.path
      const rule: Rule = { id: ++lastId, fault, pattern: pathPattern(path), seen: 0, left: fault.times ?? 1 }
      rules.push(rule)
      return rule.id
    },
    /** What goes wrong with this call; undefined when nothing does. */
    take(call: FaultedCall): FaultAction | undefined {
      if (rules.length === 0) return undefined
      for (const rule of rules) {
        if (!matches(rule, call)) continue
        rule.seen++
        if (rule.seen < (rule.fault.match?.nth ?? 1)) continue
        rule.left--
        if (rule.left === 0) rules = rules.filter((other) => other !== rule)
        return rule.fault.action
      }
      return undefined
    },
    list: () => rules.map(({ id, fault, left, seen }) => ({ id, ...fault, left, seen })),
    remove(id: number): boolean {
      const before = rules.length
      rules = rules.filter((rule) => rule.id !== id)
      return rules.length < before
    },
    clear() {
      rules = []
    },
  }
}

function pathPattern(path: string | undefined): Rule['pattern'] {
  if (path === undefined) return undefined
  if (path.length > 2 && path.startsWith('/') && path.endsWith('/')) {
    const expression = new RegExp(path.slice(1, -1))
    return (called) => expression.test(called)
  }
  return (called) => called.startsWith(path)
}

export type FaultRules = ReturnType<typeof createFaultRules>
