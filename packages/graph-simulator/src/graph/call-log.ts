import { createBoundedLog } from '../data/bounded-log.ts'

/** What a call is, for counting and for faults. */
export const CALL_KINDS = [
  'page',
  'page_update',
  'me',
  'accounts',
  'conversations',
  'conversation',
  'messages',
  'message',
  'profile',
  'labels',
  'label',
  'send',
  'sender_action',
  'thread_control',
  'moderate',
  'subscribed_apps',
  'subscriptions',
  'debug_token',
  'access_token',
  'app',
  'batch',
  'multiple_ids',
  'unsupported',
] as const
export type CallKind = (typeof CALL_KINDS)[number]

/** Which of Facebook's limits a call counts against. */
export type CallClass = 'conversations' | 'send' | 'messenger' | 'pages' | 'app'

export function classOf(kind: CallKind): CallClass {
  if (kind === 'conversations' || kind === 'conversation' || kind === 'messages' || kind === 'message')
    return 'conversations'
  if (kind === 'send') return 'send'
  if (['sender_action', 'thread_control', 'labels', 'label', 'profile', 'moderate'].includes(kind)) return 'messenger'
  return ['page', 'page_update', 'subscribed_apps'].includes(kind) ? 'pages' : 'app'
}

export interface GraphCall {
  /** Time on the simulator's clock. */
  readonly time: string
  readonly at_ms: number
  readonly method: string
  /** Without the version and without any token. */
  readonly path: string
  readonly version: string | null
  readonly kind: CallKind
  readonly class: CallClass
  readonly page: string | null
  readonly query: Readonly<Record<string, string>>
  /** Parts of a batch and ids of a multi-id read count one each. */
  readonly cost: number
  /** `null`: never answered (fault). */
  readonly status: number | null
  readonly code?: number
  readonly subcode?: number
  readonly fault?: string
  readonly ms: number
  /** In a batch: the number of the call that carried it. */
  readonly batched?: boolean
}

export interface CallTotals {
  calls: number
  cost: number
  by_kind: Record<string, number>
  by_status: Record<string, number>
  by_code: Record<string, number>
}

const SECRET_PARAMETERS = new Set([
  'access_token',
  'appsecret_proof',
  'client_secret',
  'fb_exchange_token',
  'input_token',
  'code',
  'verify_token',
])
const LONGEST_VALUE = 300

/** Parameters without secrets, and cut: the log is for people and tests, not for replaying. */
export function loggedQuery(parameters: Readonly<Record<string, unknown>>): Record<string, string> {
  const shown: Record<string, string> = {}
  for (const [name, value] of Object.entries(parameters)) {
    if (SECRET_PARAMETERS.has(name)) continue
    const whole = typeof value === 'string' ? value : JSON.stringify(value)
    const text = whole.replace(/access_token=[^&"\s]+/g, 'access_token=…')
    shown[name] = text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text
  }
  return shown
}

/** The last calls in full and totals of all, so that a run of hours stays small. */
export function createCallLog(capacity = 10_000) {
  const log = createBoundedLog<GraphCall>(capacity)
  const fresh = (): CallTotals => ({ calls: 0, cost: 0, by_kind: {}, by_status: {}, by_code: {} })
  let totals = fresh()
  let byPage = new Map<string, number>()
  const countIn = (counts: Record<string, number>, key: string, by = 1) => {
    counts[key] = (counts[key] ?? 0) + by
  }
  return {
    add(call: GraphCall) {
      log.add(call)
      totals.calls++
      totals.cost += call.cost
      countIn(totals.by_kind, call.kind)
      countIn(totals.by_status, String(call.status))
      if (call.code !== undefined) countIn(totals.by_code, String(call.code))
      if (call.page !== null) byPage.set(call.page, (byPage.get(call.page) ?? 0) + 1)
    },
    list: (since?: number) => log.list(since),
    totals: () => ({ ...totals, by_page: Object.fromEntries(byPage) }),
    clear() {
      log.clear()
      totals = fresh()
      byPage = new Map()
    },
  }
}

export type CallLog = ReturnType<typeof createCallLog>
