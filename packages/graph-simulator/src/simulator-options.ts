import type { MovableClock } from './clock/movable-clock.ts'
import type { Switches } from './switches/switches.ts'

/** How many conversations a page has, and what they look like. */
export interface ConversationShape {
  count: number
  /** Share of conversations with exactly `longMessages` messages, spread evenly; the rest have `shortMin` to `shortMax`. */
  longShare?: number
  longMessages?: number
  shortMin?: number
  shortMax?: number
  /** Shares of conversations in the folders `page_done`, `other` and `spam`; the rest is in `inbox`. */
  doneShare?: number
  otherShare?: number
  spamShare?: number
  /** How many of the newest conversations end with a customer's message of the last hour. */
  recentCustomers?: number
  /** How far the history reaches back. */
  historyDays?: number
  /** Share of people whose profile call answers an empty object, and of those who answer 100/2018218. */
  profileDeniedShare?: number
  profilePhoneShare?: number
}

export interface PageSpec {
  facebookPageId?: string
  name?: string
  accessToken?: string
  category?: string
  /** A number alone takes the defaults for the rest. */
  conversations?: number | ConversationShape
  /** Fields of the page node, laid over the generated ones. */
  details?: Record<string, unknown>
  /** Whether the app is subscribed to the page's webhooks from the start (default true). */
  subscribed?: boolean
  /** Time at which the generated history ends (default: the clock's time when the simulator starts). */
  epoch?: number
}

export interface SimulatorOptions {
  host?: '127.0.0.1' | '0.0.0.0'
  /** 0, the default, takes any free port. */
  port?: number
  seed?: number
  appId?: string
  appSecret?: string
  verifyToken?: string
  /** Where webhooks go; none are sent without it. Can be set later by the control API or `POST /{app-id}/subscriptions`. */
  webhookUrl?: string
  /** Default: one page with 60 conversations. */
  pages?: readonly PageSpec[]
  clock?: MovableClock
  /** Added to every Graph answer. */
  latencyMs?: number
  switches?: Partial<Switches>
  /**
   * Keeps what changes (messages, labels, page details, subscriptions), so that a simulator started again on the same
   * file goes on where it was. For demonstrations; tokens, switches, faults and logs are not kept.
   */
  journalFile?: string
}
