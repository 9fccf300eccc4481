import { expect, test } from 'vitest'
import { compileRules } from './compile-rules.ts'
import { decide } from './decide.ts'
import type { DecisionContext, IncomingMessage } from './incoming.ts'

const NOW = Date.UTC(2026, 10, 26, 8)
const message: IncomingMessage = {
  origin: 'webhook',
  direction: 'in',
  channel: 'messaging',
  isDeleted: false,
  isEdited: false,
  createdMs: NOW - 500,
  arrivedMs: NOW - 100,
  text: 'What is the PRICE?',
  quickReplyPayload: null,
}
const context: DecisionContext = {
  nowMs: NOW,
  page: { name: 'Angkor Coffee', timeZone: 'Asia/Phnom_Penh' },
  conversation: {
    isNew: false,
    mutedUntilMs: null,
    isBlocked: false,
    windowClosesMs: NOW + 86_400_000,
    lastPersonReplyMs: null,
    automaticReplies: [],
  },
  contact: { name: 'Sophea Chan', email: null, phone: null },
}
const rules = compileRules({
  automations: [{ id: 1, type: 'custom_keyword', is_active: true, order: 0, config: null }],
  keywords: [{ id: 7, automation_id: 1, keyword: 'price', match_type: 'contains', response_message: 'Five dollars.' }],
  instantReplies: [],
  faqs: [],
})

test('a keyword answers', () => {
  expect(decide(rules, message, context).action).toMatchObject({ automation_id: 1, part_id: 7, text: 'Five dollars.' })
})

test('an echo is never answered, and every rule says why', () => {
  const decision = decide(rules, { ...message, origin: 'echo' }, context)
  expect(decision.action).toBeNull()
  expect(decision.reasons.map(({ code }) => code)).toEqual(['echo'])
})
