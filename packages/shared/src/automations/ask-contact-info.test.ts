import { describe, expect, test } from 'vitest'
import { compileRules } from './compile-rules.ts'
import { decide } from './decide.ts'
import type { DecisionContext } from './incoming.ts'
import {
  automation,
  contextOf,
  instantReply,
  keyword,
  MINUTE_MS,
  messageOf,
  NOW_MS,
  pageRules,
} from './testing/rule-samples.ts'

const CONFIG = {
  message: 'May we have your e-mail and phone?',
  thanks_message: 'Thank you!',
  invalid_message: 'That does not look right.',
  default_country: 'KH',
}
const rules = compileRules(
  pageRules({
    automations: [
      automation(5, 'contact_info', CONFIG),
      automation(1, 'custom_keyword'),
      automation(4, 'instant_reply'),
    ],
    keywords: [keyword(11, 'mail')],
    instantReplies: [instantReply(41, { trigger: 'new_conversation' })],
  }),
)
const asked: Partial<DecisionContext['conversation']> = {
  automaticReplies: [{ automation_id: 5, part_id: null, atMs: NOW_MS - 20 * MINUTE_MS }],
}
const decideOn = (text: string | null, context: DecisionContext) => decide(rules, messageOf(text), context)

describe('asking', () => {
  test('for what the contact lacks, with the buttons that Facebook has for it', () => {
    expect(decideOn('hello', contextOf()).action).toMatchObject({
      automation_id: 5,
      text: CONFIG.message,
      quick_replies: [{ content_type: 'user_email' }, { content_type: 'user_phone_number' }],
    })
    const known = contextOf({ contact: { email: 'a@b.co' } })
    expect(decideOn('hello', known).action?.quick_replies).toEqual([{ content_type: 'user_phone_number' }])
  })

  test('not for what is known, not twice a day, and after every other rule', () => {
    const known = decideOn('hello', contextOf({ contact: { email: 'a@b.co', phone: '1' } }))
    expect(known.reasons.find(({ automation_id }) => automation_id === 5)?.code).toBe('contact_known')
    expect(decideOn('hello', contextOf({ conversation: asked })).action).toBeNull()
    expect(decideOn('hello', contextOf({ conversation: { isNew: true } })).action?.automation_id).toBe(4)
  })
})

describe('the answer', () => {
  test('fills the contact and is thanked for, before any other rule', () => {
    const decision = decideOn('my mail: A@example.com, 012 345 678', contextOf({ conversation: asked }))
    expect(decision.action).toMatchObject({ automation_id: 5, text: 'Thank you!', quick_replies: [] })
    expect(decision.effects).toEqual([
      { kind: 'fill_contact', automation_id: 5, email: 'A@example.com', phone: '+85512345678' },
    ])
  })

  test('never overwrites what the contact has', () => {
    const context = contextOf({ conversation: asked, contact: { email: 'kept@example.com' } })
    expect(decideOn('new@example.com 012345678', context).effects).toEqual([
      { kind: 'fill_contact', automation_id: 5, phone: '+85512345678' },
    ])
  })

  test('fills it even while a person has taken over, who alone then answers', () => {
    const context = contextOf({ conversation: { ...asked, lastPersonReplyMs: NOW_MS } })
    const decision = decideOn('a@example.com', context)
    expect(decision.action).toBeNull()
    expect(decision.effects).toHaveLength(1)
  })

  test('that looks like one and is none is told so', () => {
    const decision = decideOn('sophea@gmail', contextOf({ conversation: asked }))
    expect(decision).toMatchObject({ action: { text: CONFIG.invalid_message }, effects: [] })
  })

  test('is nothing to who did not ask, or of another kind of message', () => {
    expect(decideOn('a@example.com', contextOf()).effects).toEqual([])
    const context = contextOf({ conversation: asked })
    expect(decide(rules, messageOf('a@example.com', { origin: 'sync' }), context).effects).toEqual([])
    expect(decideOn(null, context).effects).toEqual([])
  })
})
