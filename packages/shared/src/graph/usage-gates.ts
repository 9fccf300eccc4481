import { backOffMs } from '../lifecycle/back-off.ts'
import type { GraphUsage, ScopeUsage, UsageScope } from './graph-usage.ts'

/** Which of our own budgets a call counts against. */
export type BucketName = 'conversations' | 'page' | 'profile' | 'send'

/** What an answer told about limits. */
export interface BudgetReport {
  readonly bucket: BucketName
  readonly usage: GraphUsage
  readonly requestedAtMs: number
  /** Facebook refused the call for its rate: its code, null where it gave none (HTTP 429). */
  readonly refusedWith?: number | null
}

/** What is known of one limit of Facebook's. */
export interface Gate {
  readonly usagePercent: number
  readonly pausedUntilMs: number
  /** When that was asked for which told it last. */
  readonly askedAtMs: number
  /** Refusals in a row that did not say for how long. */
  readonly refusals: number
}

/** By the limit's scope, and by bucket for refusals that concern one kind of call alone. */
export type GateName = UsageScope | BucketName
export type Gates = Readonly<Partial<Record<GateName, Gate>>>

export const OPEN_GATE: Gate = { usagePercent: 0, pausedUntilMs: 0, askedAtMs: 0, refusals: 0 }

const SLOW_FROM_PERCENT = 80
/** Even next to the limit a call goes out now and then: only an answer tells that it is over. */
const SLOWEST = 0.05
/** Facebook's windows roll: without a time from Facebook we look again after this. */
const FULL_PAUSE_MS = 60_000
const MINUTE_MS = 60_000
const REFUSAL = { baseMs: 20_000, maxMs: 30 * 60_000 }

/** The gates that a call has to pass: the app's limit, its business use case's, its own. */
const GATES_OF: Readonly<Record<BucketName, readonly GateName[]>> = {
  conversations: ['all', 'messenger', 'conversations'],
  send: ['all', 'messenger', 'send'],
  page: ['all', 'pages', 'page'],
  profile: ['all', 'messenger', 'profile'],
}

/** HTTP 429 without a code of Facebook's. */
const APP_LIMIT = 4
/** Whom a refusal concerns, by Facebook's code; codes that are not here (613 above all) concern their kind of call. */
const SCOPE_OF_REFUSAL: Readonly<Record<number, UsageScope>> = {
  4: 'all',
  17: 'all',
  341: 'all',
  32: 'pages',
  80001: 'pages',
  80006: 'messenger',
}

export function pausedUntilMs(gates: Gates, bucket: BucketName): number {
  return Math.max(...GATES_OF[bucket].map((name) => gates[name]?.pausedUntilMs ?? 0))
}

/** By how much calls become rarer: 1 below 80 %, then down to a twentieth. */
export function shareLeft(gates: Gates, bucket: BucketName): number {
  const percent = Math.max(...GATES_OF[bucket].map((name) => gates[name]?.usagePercent ?? 0))
  return Math.max(SLOWEST, Math.min(1, (100 - percent) / (100 - SLOW_FROM_PERCENT)))
}

/**
 * The gates after an answer. A wait is counted from when we heard of it; an answer that was asked for earlier than
 * what we know already (calls side by side) counts from its own request, and does not change the percentage: it tells
 * of an earlier moment. No answer ends a pause before its time.
 */
export function gatesAfter(gates: Gates, report: BudgetReport, nowMs: number, random: () => number): Gates {
  const after: Partial<Record<GateName, Gate>> = { ...gates }
  for (const [name, usage] of Object.entries(report.usage))
    after[name as UsageScope] = heard(gates[name as UsageScope] ?? OPEN_GATE, usage, report.requestedAtMs, nowMs)
  if (report.refusedWith === undefined) return withoutRefusals(after, report.bucket, nowMs)
  const told = GATES_OF[report.bucket].some((name) => (report.usage[name as UsageScope]?.waitMs ?? 0) > 0)
  if (told) return after
  const name = SCOPE_OF_REFUSAL[report.refusedWith ?? APP_LIMIT] ?? report.bucket
  // Calls side by side are refused together: one refusal.
  if (isPaused(gates[name], nowMs)) return after
  return { ...after, [name]: refused(after[name] ?? OPEN_GATE, nowMs, random) }
}

function heard(gate: Gate, { percent, waitMs }: ScopeUsage, requestedAtMs: number, nowMs: number): Gate {
  const isOld = requestedAtMs < gate.askedAtMs
  const pauseMs = waitMs > 0 ? waitMs : percent >= 100 && !isOld ? FULL_PAUSE_MS : 0
  const fromMs = isOld || isPaused(gate, nowMs) ? requestedAtMs : nowMs
  return {
    ...gate,
    usagePercent: isOld ? gate.usagePercent : percent,
    askedAtMs: Math.max(gate.askedAtMs, requestedAtMs),
    pausedUntilMs: pauseMs === 0 ? gate.pausedUntilMs : laterEnd(gate, fromMs + pauseMs, nowMs),
  }
}

/** Facebook tells whole minutes, rounded up: while a pause lasts, an end within a minute of the known one is the same. */
function laterEnd(gate: Gate, untilMs: number, nowMs: number): number {
  const toleranceMs = isPaused(gate, nowMs) ? MINUTE_MS : 0
  return untilMs >= gate.pausedUntilMs + toleranceMs ? untilMs : gate.pausedUntilMs
}

/** Refused without a time: each in a row waits longer, at least half of the bound, since asking lengthens the block. */
function refused(gate: Gate, nowMs: number, random: () => number): Gate {
  const refusals = gate.refusals + 1
  const waitMs = backOffMs(refusals, REFUSAL, () => 0.5 + random() / 2)
  return { ...gate, refusals, pausedUntilMs: Math.max(gate.pausedUntilMs, nowMs + waitMs) }
}

/** A good answer ends the row of refusals, unless it was asked for before the last one. */
function withoutRefusals(gates: Gates, bucket: BucketName, nowMs: number): Gates {
  const over = GATES_OF[bucket].flatMap((name) => {
    const gate = gates[name]
    return gate && gate.refusals > 0 && !isPaused(gate, nowMs) ? [[name, { ...gate, refusals: 0 }] as const] : []
  })
  return { ...gates, ...Object.fromEntries(over) }
}

function isPaused(gate: Gate | undefined, nowMs: number): boolean {
  return gate !== undefined && gate.pausedUntilMs > nowMs
}
