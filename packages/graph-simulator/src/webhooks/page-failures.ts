import type { MovableClock } from '../clock/movable-clock.ts'
import { createBoundedLog } from '../data/bounded-log.ts'
import type { Switches } from '../switches/switches.ts'
import type { SimulatedPage } from '../world.ts'

/** What Facebook tells the app's developers by mail. */
export interface WebhookAlert {
  readonly time: string
  readonly page: string
  readonly kind: 'failing' | 'unsubscribed' | 'dropped'
}

const DEVELOPER_ALERT_MS = 15 * 60_000
const KEPT = 1_000

/** Pages whose webhooks fail: an alert after 15 minutes, and after an hour the app is unsubscribed from the page. */
export function createPageFailures(clock: MovableClock, switches: Switches) {
  const failing = new Map<string, { since: number; alerted: boolean }>()
  const alerts = createBoundedLog<WebhookAlert>(KEPT)
  const alert = (page: SimulatedPage, kind: WebhookAlert['kind']) =>
    alerts.add({ time: new Date(clock.now()).toISOString(), page: page.id, kind })

  return {
    succeeded: (page: SimulatedPage) => failing.delete(page.id),
    /** True when this failure was the one too many. */
    failed(page: SimulatedPage): boolean {
      const state = failing.get(page.id) ?? { since: clock.now(), alerted: false }
      failing.set(page.id, state)
      const failedForMs = clock.now() - state.since
      if (failedForMs >= DEVELOPER_ALERT_MS && !state.alerted) {
        state.alerted = true
        alert(page, 'failing')
      }
      if (failedForMs < switches.unsubscribeAfterMs) return false
      page.subscribe(null)
      failing.delete(page.id)
      alert(page, 'unsubscribed')
      return true
    },
    dropped: (page: SimulatedPage) => alert(page, 'dropped'),
    alerts,
  }
}
