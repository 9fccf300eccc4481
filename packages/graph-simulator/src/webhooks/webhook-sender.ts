import type { MovableClock } from '../clock/movable-clock.ts'
import { seedOf } from '../data/hash.ts'
import type { Switches } from '../switches/switches.ts'
import type { SimulatedApp } from '../world.ts'
import { createParcelDelivery, type Delivery } from './deliver-parcel.ts'
import { type Notice, packNotices } from './notice.ts'
import type { PostResult } from './post-webhook.ts'
import { signatureHeaders } from './sign-webhook.ts'

export type ReleaseOrder = 'same' | 'reversed' | 'shuffled'

/** Decides what is told to whom and in which order; `deliver-parcel` brings it there. */
export function createWebhookSender(clock: MovableClock, switches: Switches, app: SimulatedApp) {
  const delivery = createParcelDelivery(clock, switches, app)
  const chains = new Map<string, Promise<unknown>>()
  let held: Notice[] | undefined
  let skipped = 0

  const isWanted = ({ page, field }: Notice): boolean =>
    !switches.requireSubscription ||
    page === undefined ||
    (app.fields.has(field) && page.subscribedFields?.has(field) === true)

  /** Behind what was sent before with the same key, so that a conversation's first tries arrive in order. */
  const inOrder = <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const before = chains.get(key)
    const mine = before === undefined ? work() : before.then(work)
    chains.set(key, mine)
    void mine.finally(() => {
      if (chains.get(key) === mine) chains.delete(key)
    })
    return delivery.track(mine)
  }

  const pack = (notices: readonly Notice[]) => packNotices(notices, clock.now())
  const nothing = (why: NonNullable<Delivery['skipped']>): Delivery[] => [{ status: null, ms: 0, skipped: why }]

  return {
    /** Sends the notices in one body, `times` times; resolves after the first try of each. */
    async send(notices: readonly Notice[], times = 1): Promise<Delivery[]> {
      const wanted = notices.filter(isWanted)
      if (wanted.length === 0 || app.callbackUrl === undefined) {
        skipped++
        return nothing(wanted.length === 0 ? 'not_subscribed' : 'no_callback')
      }
      if (held !== undefined) {
        for (let i = 0; i < times; i++) held.push(...wanted)
        return nothing('held')
      }
      const parcel = pack(wanted)
      return inOrder(wanted[0]!.key, () => delivery.deliver(parcel, times))
    },
    /** Sends bytes that Facebook would never make, signed with `secret` unless `headers` say otherwise; no retries. */
    sendRaw(bytes: Buffer, headers: Record<string, string> = {}, secret = app.secret): Promise<PostResult> {
      if (app.callbackUrl === undefined) return Promise.resolve({ status: null, ms: 0, error: 'no callback' })
      const all = { ...signatureHeaders(secret, bytes), ...headers }
      return delivery.track(delivery.poster.send(app.callbackUrl, 'POST', bytes, all, switches.webhookTimeoutMs))
    },
    /** Collects what would be sent until `release`. */
    hold() {
      held ??= []
    },
    /** Sends what was held, in another order if wished, several in one body if wished. */
    async release(order: ReleaseOrder, perBody: number): Promise<Delivery[]> {
      const notices = reordered(held ?? [], order)
      held = undefined
      const results: Delivery[] = []
      for (let i = 0; i < notices.length; i += perBody) {
        const parcel = pack(notices.slice(i, i + perBody))
        results.push(...(await delivery.track(delivery.deliver(parcel, 1))))
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
      const result = await delivery.poster.send(address.href, 'GET', undefined, {}, switches.webhookTimeoutMs)
      if (result.status === null) return { ok: false, reason: `curl_errno = 7; curl_error = ${result.error}` }
      const ok = result.status === 200 && result.body === challenge
      return { ok, reason: `HTTP Status Code = ${result.status}; HTTP Message = ${ok ? 'OK' : 'Wrong answer'}` }
    },
    log: delivery.log,
    alerts: delivery.alerts,
    totals: () => ({ ...delivery.totals(), skipped, held: held?.length ?? 0 }),
    idle: delivery.idle,
    close: delivery.close,
  }
}

function reordered(notices: Notice[], order: ReleaseOrder): Notice[] {
  if (order === 'reversed') return notices.toReversed()
  if (order === 'same') return notices
  const ranked = notices.map((notice, i) => ({ notice, rank: seedOf(notice.key, i * 7919) }))
  return ranked.sort((a, b) => a.rank - b.rank).map(({ notice }) => notice)
}

export type WebhookSender = ReturnType<typeof createWebhookSender>
