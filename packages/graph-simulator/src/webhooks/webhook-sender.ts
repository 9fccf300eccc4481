import type { MovableClock } from '../clock/movable-clock.ts'
import { createBoundedLog } from '../data/bounded-log.ts'
import { seedOf } from '../data/hash.ts'
import type { Switches } from '../switches/switches.ts'
import type { SimulatedApp, SimulatedPage } from '../world.ts'
import { createPoster, type PostResult } from './post-webhook.ts'
import { serialiseWebhook } from './serialise-webhook.ts'
import { signatureHeaders } from './sign-webhook.ts'

export type Channel = 'messaging' | 'standby' | 'changes' | 'changed_fields'

/** One thing to tell: an item of `messaging`, `standby` or `changes` of one page. */
export interface Notice {
  readonly page: SimulatedPage | undefined
  /** `entry[].id`; the page's unless another object is told of. */
  readonly entryId: string
  readonly object?: string
  /** Field that the app must be subscribed to. */
  readonly field: string
  readonly channel: Channel
  readonly item: unknown
  /** Notices of one key leave in order. */
  readonly key: string
}

/** What became of one delivery of a notice. */
export interface Delivery {
  readonly status: number | null
  readonly ms: number
  readonly error?: string
  /** Why nothing was sent. */
  readonly skipped?: 'no_callback' | 'not_subscribed' | 'held'
}

interface LoggedDelivery {
  readonly time: string
  readonly page: string | null
  readonly field: string
  readonly attempt: number
  readonly status: number | null
  readonly ms: number
  readonly error?: string
  readonly body: string
}

export interface WebhookAlert {
  readonly time: string
  readonly page: string
  readonly kind: 'failing' | 'unsubscribed' | 'dropped'
}

interface Parcel {
  readonly notices: readonly Notice[]
  bytes: Buffer
  headers: Record<string, string>
  attempt: number
}

const KEPT_DELIVERIES = 1_000
const DEVELOPER_ALERT_MS = 15 * 60_000

/** Delivers webhooks as Facebook does: signed, at least once, retried on the clock, and given up after an hour of failing. */
export function createWebhookSender(clock: MovableClock, switches: Switches, app: SimulatedApp) {
  const poster = createPoster()
  const log = createBoundedLog<LoggedDelivery>(KEPT_DELIVERIES)
  const alerts = createBoundedLog<WebhookAlert>(KEPT_DELIVERIES)
  const chains = new Map<string, Promise<unknown>>()
  const failing = new Map<string, { since: number; alerted: boolean }>()
  const retries = new Map<Parcel, () => void>()
  const inFlight = new Set<Promise<unknown>>()
  const totals = { delivered: 0, failed: 0, dropped: 0, held: 0, skipped: 0 }
  let held: Notice[] | undefined
  let closed = false

  const isWanted = ({ page, field }: Notice): boolean =>
    !switches.requireSubscription ||
    page === undefined ||
    (app.fields.has(field) && page.subscribedFields?.has(field) === true)

  const pack = (notices: readonly Notice[]): Parcel => {
    const parcel: Parcel = { notices, bytes: Buffer.alloc(0), headers: {}, attempt: 0 }
    seal(parcel)
    return parcel
  }

  const seal = (parcel: Parcel) => {
    const now = clock.now()
    const entry = parcel.notices.map(({ entryId, channel, item }) => ({
      id: entryId,
      time: channel === 'changes' || channel === 'changed_fields' ? Math.floor(now / 1000) : now,
      [channel]: [item],
    }))
    parcel.bytes = serialiseWebhook({ object: parcel.notices[0]?.object ?? 'page', entry })
    parcel.headers = signatureHeaders(app.secret, parcel.bytes)
  }

  const noteOutcome = (page: SimulatedPage | undefined, worked: boolean) => {
    if (page === undefined) return
    if (worked) {
      failing.delete(page.id)
      return
    }
    const state = failing.get(page.id) ?? { since: clock.now(), alerted: false }
    failing.set(page.id, state)
    const failedFor = clock.now() - state.since
    if (failedFor >= DEVELOPER_ALERT_MS && !state.alerted) {
      state.alerted = true
      alert(page.id, 'failing')
    }
    if (failedFor < switches.unsubscribeAfterMs) return
    page.subscribedFields = undefined
    failing.delete(page.id)
    alert(page.id, 'unsubscribed')
    for (const [parcel, cancel] of retries) {
      if (!parcel.notices.some((notice) => notice.page === page)) continue
      cancel()
      retries.delete(parcel)
    }
  }

  const alert = (page: string, kind: WebhookAlert['kind']) =>
    alerts.add({ time: new Date(clock.now()).toISOString(), page, kind })

  const attempt = async (parcel: Parcel): Promise<Delivery> => {
    const url = app.callbackUrl
    if (url === undefined) return { status: null, ms: 0, skipped: 'no_callback' }
    parcel.attempt++
    if (parcel.attempt > 1 && !switches.identicalRetries) seal(parcel)
    const result = await poster.send(url, 'POST', parcel.bytes, parcel.headers, switches.webhookTimeoutMs)
    // Any other status counts as a failure, 2xx too.
    const worked = result.status === 200
    const first = parcel.notices[0]!
    log.add({
      time: new Date(clock.now()).toISOString(),
      page: first.page?.id ?? null,
      field: first.field,
      attempt: parcel.attempt,
      status: result.status,
      ms: result.ms,
      ...(result.error === undefined ? {} : { error: result.error }),
      body: parcel.bytes.toString('latin1'),
    })
    if (worked) totals.delivered++
    else totals.failed++
    for (const page of new Set(parcel.notices.map((notice) => notice.page))) noteOutcome(page, worked)
    if (!worked) retryLater(parcel)
    return shortened(result)
  }

  const retryLater = (parcel: Parcel) => {
    const first = parcel.notices[0]!
    const delays =
      first.channel === 'messaging' || first.channel === 'standby'
        ? switches.messagingRetryDelaysMs
        : switches.changesRetryDelaysMs
    const delay = delays[parcel.attempt - 1]
    if (
      closed ||
      (first.page !== undefined && first.page.subscribedFields === undefined && switches.requireSubscription)
    )
      return
    if (delay === undefined) {
      totals.dropped++
      if (first.page !== undefined) alert(first.page.id, 'dropped')
      return
    }
    const cancel = clock.at(clock.now() + delay, () => {
      retries.delete(parcel)
      track(attempt(parcel))
    })
    // A due time that has come already ran inside `at`'s caller only on the next turn, so the entry is still right.
    retries.set(parcel, cancel)
  }

  const track = <T>(work: Promise<T>): Promise<T> => {
    inFlight.add(work)
    void work.finally(() => inFlight.delete(work))
    return work
  }

  /** Behind what was sent before with the same key, so that a conversation's first tries arrive in order. */
  const inOrder = <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = chains.get(key)
    const mine = before === undefined ? work() : before.then(work)
    chains.set(key, mine)
    void mine.finally(() => {
      if (chains.get(key) === mine) chains.delete(key)
    })
    return track(mine)
  }

  const sendParcel = async (parcel: Parcel, times: number): Promise<Delivery[]> => {
    const deliveries = [await attempt(parcel)]
    // A duplicate is the same bytes again; it is not retried on its own.
    for (let i = 1; i < times; i++) {
      const url = app.callbackUrl
      if (url === undefined) break
      deliveries.push(
        shortened(await poster.send(url, 'POST', parcel.bytes, parcel.headers, switches.webhookTimeoutMs)),
      )
    }
    return deliveries
  }

  return {
    /** Sends the notices in one body, `times` times; resolves after the first try of each. */
    async send(notices: readonly Notice[], times = 1): Promise<Delivery[]> {
      const wanted = notices.filter(isWanted)
      if (wanted.length === 0 || app.callbackUrl === undefined) {
        totals.skipped++
        return [{ status: null, ms: 0, skipped: wanted.length === 0 ? 'not_subscribed' : 'no_callback' }]
      }
      if (held !== undefined) {
        for (let i = 0; i < times; i++) held.push(...wanted)
        totals.held += wanted.length * times
        return [{ status: null, ms: 0, skipped: 'held' }]
      }
      return inOrder(wanted[0]!.key, () => sendParcel(pack(wanted), times))
    },
    /** Sends bytes as they are, signed with `secret`: for bodies that Facebook would never make. */
    sendRaw(bytes: Buffer, headers: Record<string, string> = {}, secret = app.secret): Promise<PostResult> {
      if (app.callbackUrl === undefined) return Promise.resolve({ status: null, ms: 0, error: 'no callback' })
      const all = { ...signatureHeaders(secret, bytes), ...headers }
      return track(poster.send(app.callbackUrl, 'POST', bytes, all, switches.webhookTimeoutMs))
    },
    /** Collects what would be sent until `release`. */
    hold() {
      held ??= []
    },
    /** Sends what was held, in another order if wished, several in one body if wished. */
    async release(order: 'same' | 'reversed' | 'shuffled', perBody: number): Promise<Delivery[]> {
      const notices = held ?? []
      held = undefined
      if (order === 'reversed') notices.reverse()
      if (order === 'shuffled') {
        const rank = new Map(notices.map((notice, i) => [notice, seedOf(notice.key, i * 7919)]))
        notices.sort((a, b) => rank.get(a)! - rank.get(b)!)
      }
      const results: Delivery[] = []
      for (let i = 0; i < notices.length; i += perBody) {
        results.push(...(await track(sendParcel(pack(notices.slice(i, i + perBody)), 1))))
      }
      return results
    },
    /** The handshake of a subscription: 200 and the challenge as the body. */
    async verify(url: string, verifyToken: string): Promise<{ ok: boolean; reason: string }> {
      const challenge = String(seedOf(url, clock.now()) % 2_000_000_000)
      const address = new URL(url)
      address.searchParams.set('hub.mode', 'subscribe')
      address.searchParams.set('hub.challenge', challenge)
      address.searchParams.set('hub.verify_token', verifyToken)
      const result = await poster.send(address.href, 'GET', undefined, {}, switches.webhookTimeoutMs)
      if (result.status === null) return { ok: false, reason: `curl_errno = 7; curl_error = ${result.error}` }
      const ok = result.status === 200 && result.body === challenge
      return {
        ok,
        reason: `HTTP Status Code = ${result.status}; HTTP Message = ${ok ? 'OK' : 'wrong challenge or status'}`,
      }
    },
    log: (since?: number) => log.list(since),
    alerts: (since?: number) => alerts.list(since),
    totals: () => ({ ...totals, waiting_retries: retries.size, held_now: held?.length ?? 0 }),
    clearLog() {
      log.clear()
      alerts.clear()
    },
    /** Resolves when nothing is on its way (retries that wait for the clock do not count). */
    async idle() {
      while (inFlight.size > 0) await Promise.allSettled(inFlight)
    },
    close() {
      closed = true
      for (const cancel of retries.values()) cancel()
      retries.clear()
      poster.close()
    },
  }
}

const shortened = ({ status, ms, error }: PostResult): Delivery => ({
  status,
  ms,
  ...(error === undefined ? {} : { error }),
})

export type WebhookSender = ReturnType<typeof createWebhookSender>
