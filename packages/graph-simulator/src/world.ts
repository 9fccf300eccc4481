import type { MovableClock } from './clock/movable-clock.ts'
import type { Journal } from './data/journal.ts'
import type { LabelStore } from './data/label-store.ts'
import type { PageStore } from './data/page-store.ts'
import type { SentLog } from './data/sent-log.ts'
import type { TokenRegistry } from './data/token-registry.ts'
import type { FaultRules } from './faults/fault-rules.ts'
import type { CallLog } from './graph/call-log.ts'
import type { WantedField } from './graph/field-selection.ts'
import type { CallHandler } from './graph/handle-call.ts'
import type { UsageMeter } from './graph/usage-meter.ts'
import type { Switches } from './switches/switches.ts'
import type { WebhookSender } from './webhooks/webhook-sender.ts'

/** What a person lets the page do and see; only what differs from the normal is kept. */
export interface PersonState {
  available?: boolean
  /** The person who logged in: `ids_for_pages` names them. */
  app_user?: boolean
  profile?: 'open' | 'denied' | 'phone' | 'permission' | 'not_replied'
}

export interface SimulatedPage {
  readonly id: string
  /** Its place in the simulator, from 0. */
  readonly number: number
  readonly details: Readonly<Record<string, unknown>>
  readonly store: PageStore
  readonly labels: LabelStore
  readonly people: Map<number, PersonState>
  /** Fields that the app is subscribed to; undefined when it is not. */
  readonly subscribedFields: ReadonlySet<string> | undefined
  /** Changes details; null clears one. */
  change(details: Readonly<Record<string, unknown>>): void
  /** Subscribes the app to exactly these fields; null unsubscribes it. */
  subscribe(fields: readonly string[] | null): void
  /** Comments of the page's posts that a private reply can go to. */
  readonly comments: Map<string, { person: number; at: number; replied: boolean }>
}

export interface SimulatedApp {
  readonly id: string
  readonly name: string
  secret: string
  verifyToken: string
  /** Callback of the `page` object and the fields that the app wants of it. */
  callbackUrl: string | undefined
  fields: Set<string>
}

/** Everything that the simulator is made of. One exists for each simulator; `reset` fills a new one. */
export interface World {
  readonly seed: number
  readonly clock: MovableClock
  readonly switches: Switches
  readonly app: SimulatedApp
  readonly pages: Map<string, SimulatedPage>
  readonly user: { readonly id: string; readonly name: string }
  readonly tokens: TokenRegistry
  readonly calls: CallLog
  readonly sent: SentLog
  readonly usage: UsageMeter
  readonly faults: FaultRules
  readonly webhooks: WebhookSender
  /** Runs a Graph call, as parts of a batch do. */
  handle: CallHandler
  readonly parseFields: (text: string) => readonly WantedField[]
  /** Goes into every cursor; those of a lower age are stale. */
  cursorAge: number
  /** Keeps what changes, where a demonstration asked for it. */
  readonly journal: Journal | undefined
  /** `http://127.0.0.1:3033`, for `paging.next`. */
  origin: string
}
