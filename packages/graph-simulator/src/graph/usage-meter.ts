import type { MovableClock } from '../clock/movable-clock.ts'
import type { Switches } from '../switches/switches.ts'
import type { CallClass } from './call-log.ts'
import { createRateObserver, createTokenBuckets } from './call-rates.ts'
import { createSlidingWindow, type SlidingWindow } from './sliding-window.ts'
import { type ThrottleCode, throttled } from './throttle-errors.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000

interface Throttle {
  code: ThrottleCode
  until: number
}

/** Counts calls for each limit, tells how full it is in the headers, and refuses what is too much. */
export function createUsageMeter(clock: MovableClock, switches: Switches) {
  const windows = new Map<string, SlidingWindow>()
  const throttles = new Map<string, Throttle>()
  const forced = new Map<string, number>()
  const buckets = createTokenBuckets(clock)
  const rates = createRateObserver(clock)

  const windowOf = (key: string, lengthMs: number) => {
    let window = windows.get(key)
    if (window === undefined) {
      window = createSlidingWindow(lengthMs)
      windows.set(key, window)
    }
    return window
  }

  const limits = (page: string | null, kind: CallClass) => {
    const app = { key: 'app', lengthMs: HOUR_MS, limit: switches.appCallsPerHour, code: 4 as ThrottleCode }
    if (page === null || kind === 'app') return [app]
    const own =
      kind === 'pages'
        ? { key: `pages:${page}`, lengthMs: 24 * HOUR_MS, limit: switches.pageCallsPerDay, code: 80001 as ThrottleCode }
        : {
            key: `messenger:${page}`,
            lengthMs: 24 * HOUR_MS,
            limit: switches.messengerCallsPerDay,
            code: 80006 as ThrottleCode,
          }
    return [app, own]
  }

  const percent = (key: string, lengthMs: number, limit: number): number =>
    forced.get(key) ??
    (minutesLeft(key) > 0 ? 100 : Math.min(100, Math.floor((windowOf(key, lengthMs).count(clock.now()) * 100) / limit)))

  const minutesLeft = (key: string): number => {
    const until = throttles.get(key)?.until
    return until === undefined ? 0 : Math.max(0, Math.ceil((until - clock.now()) / MINUTE_MS))
  }

  const refuseIfThrottled = (key: string) => {
    const throttle = throttles.get(key)
    if (throttle === undefined) return
    if (clock.now() >= throttle.until) {
      throttles.delete(key)
      windows.get(key)?.clear()
      return
    }
    if (switches.throttledCallsLengthen) throttle.until += MINUTE_MS
    throw throttled(throttle.code)
  }

  return {
    /** Counts a call; throws the refusal when one of its limits is reached. */
    count(page: string | null, kind: CallClass, cost: number) {
      const own = limits(page, kind)
      if (page !== null && kind === 'conversations') rates.observe(page, cost)
      for (const { key, lengthMs, limit, code } of own) {
        refuseIfThrottled(key)
        const window = windowOf(key, lengthMs)
        window.add(clock.now(), cost)
        if (window.count(clock.now()) <= limit) continue
        throttles.set(key, { code, until: clock.now() + switches.throttleMinutes * MINUTE_MS })
        throw throttled(code)
      }
      if (page !== null && kind === 'conversations' && switches.enforceConversationRate) {
        const { conversationCallsPerSecond, conversationBurst } = switches
        if (!buckets.take(`rate:${page}`, conversationCallsPerSecond, conversationBurst, cost)) throw throttled(613)
      }
    },
    /** The send limits of Messenger: 300 texts, 10 audio and video messages a second for each page. */
    countSend(page: string, heavy: boolean) {
      if (!switches.enforceSendRate) return
      const perSecond = heavy ? 10 : 300
      if (!buckets.take(`send:${heavy}:${page}`, perSecond, perSecond)) throw throttled(613)
    },
    headers(page: string | null): Record<string, string> {
      if (!switches.usageHeaders) return {}
      const app = percent('app', HOUR_MS, switches.appCallsPerHour)
      const appUsage = JSON.stringify({ call_count: app, total_time: app >> 1, total_cputime: app >> 2 })
      const headers: Record<string, string> = { 'x-app-usage': appUsage }
      if (page === null) return headers
      const row = (type: string, key: string, limit: number) => {
        const used = percent(key, 24 * HOUR_MS, limit)
        return {
          type,
          call_count: used,
          total_cputime: used >> 2,
          total_time: used >> 1,
          estimated_time_to_regain_access: minutesLeft(key),
        }
      }
      headers['x-business-use-case-usage'] = JSON.stringify({
        [page]: [
          row('pages', `pages:${page}`, switches.pageCallsPerDay),
          row('messenger', `messenger:${page}`, switches.messengerCallsPerDay),
        ],
      })
      if (switches.pageUsageHeader) headers['x-page-usage'] = appUsage
      return headers
    },
    /** Refuses a page's calls (or all of the app's, without a page) from now on. */
    throttle(page: string | null, kind: 'pages' | 'messenger' | 'app', code: ThrottleCode, minutes: number) {
      const key = page === null || kind === 'app' ? 'app' : `${kind}:${page}`
      throttles.set(key, { code, until: clock.now() + minutes * MINUTE_MS })
    },
    /** Makes the headers say `percent`, whatever was counted; undefined goes back to counting. */
    force(page: string | null, kind: 'pages' | 'messenger' | 'app', percent: number | undefined) {
      const key = page === null || kind === 'app' ? 'app' : `${kind}:${page}`
      if (percent === undefined) forced.delete(key)
      else forced.set(key, percent)
    },
    rates,
  }
}

export type UsageMeter = ReturnType<typeof createUsageMeter>
