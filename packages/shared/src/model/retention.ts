const DAY_MS = 86_400_000

/** How long things are kept where a tenant decided nothing; null: for good. Days. */
export const RETENTION_DEFAULTS = {
  messages_days: null,
  raw_events_days: 30,
  ledger_days: 30,
  audit_days: 365,
} as const

export type Kept = keyof typeof RETENTION_DEFAULTS

/** What is older than this is not kept; null: all is. */
export function keptFromMs(
  what: Kept,
  decided: Readonly<Record<string, number | null>>,
  nowMs: number,
  defaults: Readonly<Partial<Record<Kept, number>>> = {},
): number | null {
  const days = decided[what] ?? defaults[what] ?? RETENTION_DEFAULTS[what]
  return days === null ? null : nowMs - days * DAY_MS
}
