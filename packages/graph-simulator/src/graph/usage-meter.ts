import type { MovableClock } from '../clock/movable-clock.ts'
import type { Switches } from '../switches/switches.ts'
import type { CallClass } from './call-log.ts'
import { GraphError } from './graph-error.ts'

const HOUR_MS = 3_600_000
const MINUTE_MS = 60_000
const RECENT_CALLS = 64

/** Codes of a refusal: 4 app, 17 user, 32 page with a user token, 613 custom, 80001 Pages, 80006 Messenger. */
export type ThrottleCode = 4 | 17 | 32 | 341 | 613 | 80001 | 80006

const MESSAGES: Record<ThrottleCode, string> = {
  4: '(#4) Application request limit reached',
  17: '(#17) User request limit reached',
  32: '(#32) Page request limit reached',
  341: '(#341) Application limit reached',
  613: '(#613) Calls to this api have exceeded the rate limit.',
  80001:
    '(#80001) There have been too many calls to this Page account. Wait a bit and try again. For more info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.',
  80006:
    '(#80006) There have been too many messenger api calls from this Page account. Wait a bit and try again. For more info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.',
}

interface Throttle {
  code: ThrottleCode
  until: number
}

/** Calls within a window that slides by twelfths of its length. */
function createWindow(lengthMs: number) {
  const slots = new Map<number, number>()
  const slotMs = lengthMs / 12
  const drop = (now: number) => {
    for (const slot of slots.keys()) if (slot <= now / slotMs - 12) slots.delete(slot)
  }
  return {
    add(now: number, cost: number) {
      const slot = Math.floor(now / slotMs)
      slots.set(slot, (slots.get(slot) ?? 0) + cost)
    },
    count(now: number): number {
      drop(now)
      let sum = 0
      for (const calls of slots.values()) sum += calls
      return sum
    },
    clear: () => slots.clear(),
  }
}

/** Counts calls for each limit, tells how full it is in the headers, and refuses what is too much. */
export function createUsageMeter(clock: MovableClock, switches: Switches) {
  const windows = new Map<string, ReturnType<typeof createWindow>>()
  const throttles = new Map<string, Throttle>()
  const forced = new Map<string, number>()
  const buckets = new Map<string, { tokens: number; at: number }>()
  const recent = new Map<string, number[]>()
  const peaks = new Map<string, { in1s: number; in10s: number; calls: number }>()

  const windowOf = (key: string, lengthMs: number) => {
    let window = windows.get(key)
    if (window === undefined) {
      window = createWindow(lengthMs)
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
    throw new GraphError(throttle.code, MESSAGES[throttle.code])
  }

  const takeFromBucket = (key: string, perSecond: number, burst: number, cost = 1): boolean => {
    const now = clock.now()
    const bucket = buckets.get(key) ?? { tokens: burst, at: now }
    bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond)
    bucket.at = now
    buckets.set(key, bucket)
    if (bucket.tokens < Math.min(cost, burst)) return false
    bucket.tokens -= cost
    return true
  }

  const observeRate = (page: string, cost: number) => {
    const now = clock.now()
    const times = recent.get(page) ?? []
    for (let i = 0; i < Math.min(cost, RECENT_CALLS); i++) times.push(now)
    if (times.length > RECENT_CALLS) times.splice(0, times.length - RECENT_CALLS)
    recent.set(page, times)
    const within = (ms: number) => times.filter((time) => time > now - ms).length
    const peak = peaks.get(page) ?? { in1s: 0, in10s: 0, calls: 0 }
    peaks.set(page, {
      calls: peak.calls + cost,
      in1s: Math.max(peak.in1s, within(1_000)),
      in10s: Math.max(peak.in10s, within(10_000)),
    })
  }

  return {
    /** Counts a call; throws the refusal when one of its limits is reached. */
    count(page: string | null, kind: CallClass, cost: number) {
      const own = limits(page, kind)
      if (page !== null && kind === 'conversations') observeRate(page, cost)
      for (const { key, lengthMs, limit, code } of own) {
        refuseIfThrottled(key)
        const window = windowOf(key, lengthMs)
        window.add(clock.now(), cost)
        if (window.count(clock.now()) <= limit) continue
        throttles.set(key, { code, until: clock.now() + switches.throttleMinutes * MINUTE_MS })
        throw new GraphError(code, MESSAGES[code])
      }
      if (page !== null && kind === 'conversations' && switches.enforceConversationRate) {
        const { conversationCallsPerSecond, conversationBurst } = switches
        if (!takeFromBucket(`rate:${page}`, conversationCallsPerSecond, conversationBurst, cost))
          throw new GraphError(613, MESSAGES[613])
      }
    },
    /** The send limits of Messenger: 300 texts, 10 audio and video messages a second for each page. */
    countSend(page: string, heavy: boolean) {
      if (!switches.enforceSendRate) return
      const perSecond = heavy ? 10 : 300
      if (!takeFromBucket(`send:${heavy}:${page}`, perSecond, perSecond)) throw new GraphError(613, MESSAGES[613])
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
    /** The most conversation calls that were seen within one and within ten seconds, for each page. */
    peaks: () =>
      Object.fromEntries(
        [...peaks].map(([page, { in1s, in10s, calls }]) => [page, { calls, in_1s: in1s, in_10s: in10s }]),
      ),
    clearPeaks() {
      recent.clear()
      peaks.clear()
    },
    clear() {
      for (const map of [windows, throttles, forced, buckets, recent, peaks]) map.clear()
    },
  }
}

export type UsageMeter = ReturnType<typeof createUsageMeter>
