import type { MovableClock } from '../clock/movable-clock.ts'
import { createBoundedLog } from '../data/bounded-log.ts'
import type { Switches } from '../switches/switches.ts'
import type { SimulatedApp, SimulatedPage } from '../world.ts'
import { type Parcel, sealParcel } from './notice.ts'
import { createPageFailures } from './page-failures.ts'
import { createPoster, type PostResult } from './post-webhook.ts'
import { signatureHeaders } from './sign-webhook.ts'

/** What became of one delivery of a notice. */
export interface Delivery {
  readonly status: number | null
  readonly ms: number
  readonly error?: string
  /** Why nothing was sent. */
  readonly skipped?: 'no_callback' | 'not_subscribed' | 'held'
}

export interface LoggedDelivery extends Delivery {
  readonly time: string
  readonly page: string | null
  readonly field: string
  readonly attempt: number
  /** Exactly what was sent; it is ASCII. */
  readonly body: string
}

const KEPT_DELIVERIES = 1_000

export const asDelivery = ({ status, ms, error }: PostResult): Delivery => ({
  status,
  ms,
  ...(error === undefined ? {} : { error }),
})

/** Brings parcels to the callback: at least once, tried again on the clock until the schedule ends. */
export function createParcelDelivery(clock: MovableClock, switches: Switches, app: SimulatedApp) {
  const poster = createPoster()
  const failures = createPageFailures(clock, switches)
  const log = createBoundedLog<LoggedDelivery>(KEPT_DELIVERIES)
  const retries = new Map<Parcel, () => void>()
  const inFlight = new Set<Promise<unknown>>()
  const totals = { delivered: 0, failed: 0, dropped: 0 }
  let closed = false

  /** Keeps count of what is on its way, for `idle`. */
  const track = <T>(work: Promise<T>): Promise<T> => {
    inFlight.add(work)
    void work.finally(() => inFlight.delete(work))
    return work
  }

  const pagesOf = (parcel: Parcel): SimulatedPage[] =>
    [...new Set(parcel.notices.map(({ page }) => page))].filter((page) => page !== undefined)

  const post = async (parcel: Parcel, url: string): Promise<PostResult> => {
    // Signed when sent: a secret that was rotated since counts for the retry.
    parcel.headers = signatureHeaders(app.secret, parcel.bytes)
    const result = await poster.send(url, 'POST', parcel.bytes, parcel.headers, switches.webhookTimeoutMs)
    const first = parcel.notices[0]!
    log.add({
      time: new Date(clock.now()).toISOString(),
      page: first.page?.id ?? null,
      field: first.field,
      attempt: parcel.attempt,
      ...asDelivery(result),
      body: parcel.bytes.toString('latin1'),
    })
    return result
  }

  const attempt = async (parcel: Parcel): Promise<Delivery> => {
    const url = app.callbackUrl
    if (url === undefined || closed) return { status: null, ms: 0, skipped: 'no_callback' }
    parcel.attempt++
    if (parcel.attempt > 1 && !switches.identicalRetries) sealParcel(parcel, clock.now())
    const result = await post(parcel, url)
    // Any other status counts as a failure, 2xx too.
    if (result.status === 200) {
      totals.delivered++
      pagesOf(parcel).forEach(failures.succeeded)
    } else {
      totals.failed++
      const givenUp = pagesOf(parcel).filter((page) => failures.failed(page))
      for (const page of givenUp) forgetRetries(page)
      if (givenUp.length === 0) retryLater(parcel)
    }
    return asDelivery(result)
  }

  const forgetRetries = (page: SimulatedPage) => {
    for (const [parcel, cancel] of retries) {
      if (!parcel.notices.some((notice) => notice.page === page)) continue
      cancel()
      retries.delete(parcel)
    }
  }

  const retryLater = (parcel: Parcel) => {
    const { channel } = parcel.notices[0]!
    const messaging = channel === 'messaging' || channel === 'standby'
    const delays = messaging ? switches.messagingRetryDelaysMs : switches.changesRetryDelaysMs
    const delay = delays[parcel.attempt - 1]
    // The page may have been given up while this try was on its way.
    const pages = pagesOf(parcel)
    const unsubscribed = pages.length > 0 && pages.every(({ subscribedFields }) => subscribedFields === undefined)
    if (closed || (unsubscribed && switches.requireSubscription)) return
    if (delay === undefined) {
      totals.dropped++
      pages.forEach(failures.dropped)
      return
    }
    const cancel = clock.at(clock.now() + delay, () => {
      retries.delete(parcel)
      void track(attempt(parcel))
    })
    retries.set(parcel, cancel)
  }

  return {
    poster,
    log,
    alerts: failures.alerts,
    track,
    /** The first try, and then the same bytes again until there are `times`: duplicates are not retried on their own. */
    async deliver(parcel: Parcel, times: number): Promise<Delivery[]> {
      const deliveries = [await attempt(parcel)]
      for (let i = 1; i < times && app.callbackUrl !== undefined; i++) {
        deliveries.push(asDelivery(await post(parcel, app.callbackUrl)))
      }
      return deliveries
    },
    totals: () => ({ ...totals, waiting_retries: retries.size }),
    /** Resolves when nothing is on its way; retries that wait for the clock do not count. */
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
