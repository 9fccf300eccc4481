import { expect, test } from 'vitest'
import { compileRules } from './compile-rules.ts'
import { alertsDue } from './due-alert.ts'

const HOUR_MS = 3_600_000
const SINCE = Date.UTC(2026, 10, 26, 8)
const alert = (id: number, hours: number) =>
  ({ id, type: 'unanswered_alert', is_active: true, order: 0, config: { hours } }) as const
const rules = compileRules({
  automations: [alert(2, 24), alert(1, 2)],
  keywords: [],
  instantReplies: [],
  faqs: [],
})
const waiting = { waitingSinceMs: SINCE, status: 'open', isBlocked: false, mutedUntilMs: null } as const

test('each alert is due so many hours after the first unanswered message, the earliest first', () => {
  expect(
    alertsDue(rules, waiting).map(({ automation_id, dueMs }) => [automation_id, (dueMs - SINCE) / HOUR_MS]),
  ).toEqual([
    [1, 2],
    [2, 24],
  ])
})

test('who was answered, blocked or closed is never due, and a mute puts it off', () => {
  expect(alertsDue(rules, { ...waiting, waitingSinceMs: null })).toEqual([])
  expect(alertsDue(rules, { ...waiting, isBlocked: true })).toEqual([])
  expect(alertsDue(rules, { ...waiting, status: 'closed' })).toEqual([])
  const muted = { ...waiting, mutedUntilMs: SINCE + 3 * HOUR_MS }
  expect(alertsDue(rules, muted)[0]?.dueMs).toBe(SINCE + 3 * HOUR_MS)
})
