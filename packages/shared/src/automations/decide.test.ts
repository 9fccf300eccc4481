import { describe, expect, test } from 'vitest'
import { compileRules } from './compile-rules.ts'
import { decide } from './decide.ts'
import type { AutomaticReply, DecisionContext, IncomingMessage } from './incoming.ts'
import type { PageRules } from './page-rules.ts'
import {
  automation,
  contextOf,
  faq,
  instantReply,
  keyword,
  MINUTE_MS,
  messageOf,
  NOW_MS,
  pageRules,
} from './testing/rule-samples.ts'

const HOUR_MS = 60 * MINUTE_MS
const OFFICE = { mon: [['09:00', '17:00']], thu: [['09:00', '17:00']] }
const ALL = pageRules({
  automations: [
    automation(4, 'instant_reply'),
    automation(3, 'away_message', { message: 'We are away.', business_hours: OFFICE }),
    automation(2, 'faq'),
    automation(1, 'custom_keyword'),
  ],
  keywords: [keyword(11, 'price')],
  faqs: [faq(21, 'Do you ship to Cambodia?'), faq(22, 'Where is your shop?', { keywords: ['parking'] })],
  instantReplies: [instantReply(41)],
})
const NIGHT = contextOf({ nowMs: NOW_MS + 10 * HOUR_MS, conversation: { windowClosesMs: NOW_MS + 20 * HOUR_MS } })

function decideWith(rules: PageRules, message: IncomingMessage, context: DecisionContext = contextOf()) {
  return decide(compileRules(rules), message, context)
}
function answeredBy(rules: PageRules, text: string, context?: DecisionContext) {
  const { action } = decideWith(rules, messageOf(text), context)
  return action && [action.automation_id, action.part_id]
}
const replied = (more: Partial<AutomaticReply>): AutomaticReply[] => [
  { automation_id: 1, part_id: 11, atMs: NOW_MS - MINUTE_MS / 2, ...more },
]

describe('the order of rules', () => {
  test('keyword, FAQ, away, instant reply, where nothing else is settled', () => {
    expect(answeredBy(ALL, 'price, and do you ship to Cambodia?', NIGHT)).toEqual([1, 11])
    expect(answeredBy(ALL, 'do you ship to Cambodia?', NIGHT)).toEqual([2, 21])
    expect(answeredBy(ALL, 'hello', NIGHT)).toEqual([3, null])
    expect(answeredBy(ALL, 'hello')).toEqual([4, 41])
  })

  test('`order` goes before types', () => {
    const first = ALL.automations.map((each) => ({ ...each, order: each.type === 'instant_reply' ? 1 : 2 }))
    expect(answeredBy({ ...ALL, automations: first }, 'price')).toEqual([4, 41])
  })

  test('of one automation the narrower keyword', () => {
    const keywords = [
      keyword(1, 'pri.*', 'regex'),
      keyword(2, 'price'),
      keyword(3, 'the price'),
      keyword(4, 'the price', 'exact'),
    ]
    const left = (...ids: number[]) => ({ ...ALL, keywords: keywords.filter(({ id }) => ids.includes(id)) })
    expect(answeredBy(left(1, 2, 3, 4), 'the price')).toEqual([1, 4])
    expect(answeredBy(left(1, 2, 3), 'the price')).toEqual([1, 3])
    expect(answeredBy(left(1, 2), 'the price')).toEqual([1, 2])
    expect(answeredBy(left(1), 'the price')).toEqual([1, 1])
  })

  test('of FAQs one with a keyword, else the most alike, else by their order', () => {
    expect(answeredBy(ALL, 'do you ship to Cambodia, and is there parking?')).toEqual([2, 22])
    const twins = [faq(5, 'Opening hours?', { order: 2 }), faq(6, 'Opening hours?', { order: 1 })]
    expect(answeredBy({ ...ALL, faqs: twins }, 'opening hours')).toEqual([2, 6])
  })
})

describe('what is never answered', () => {
  test.each<[string, Partial<IncomingMessage>, string]>([
    ['history that a sync pulled', { origin: 'sync' }, 'not_live'],
    ['what we sent', { origin: 'send' }, 'not_live'],
    ['an echo', { origin: 'echo' }, 'echo'],
    ['what the page wrote', { direction: 'out' }, 'echo'],
    ['standby', { channel: 'standby' }, 'standby'],
    ['a deleted message', { isDeleted: true }, 'deleted'],
    ['an edited message', { isEdited: true }, 'edited'],
    ['one older than ten minutes on arrival', { createdMs: NOW_MS - 11 * MINUTE_MS }, 'too_old'],
  ])('%s', (_, more, code) => {
    const decision = decideWith(ALL, messageOf('price', more))
    expect(decision).toMatchObject({ action: null, effects: [] })
    expect(decision.reasons.map((each) => [each.automation_id, each.code])).toEqual(
      [1, 2, 3, 4].map((id) => [id, code]),
    )
  })

  test.each<[string, Partial<DecisionContext['conversation']>, string]>([
    ['a closed window', { windowClosesMs: NOW_MS }, 'window_closed'],
    ['a window that never was', { windowClosesMs: null }, 'window_closed'],
    ['a blocked person', { isBlocked: true }, 'blocked'],
    ['a muted conversation', { mutedUntilMs: NOW_MS + 1 }, 'muted'],
    ['where a person answered within 30 minutes', { lastPersonReplyMs: NOW_MS - 29 * MINUTE_MS }, 'paused'],
    [
      'a loop: five replies in ten minutes',
      {
        automaticReplies: [1, 2, 3, 4, 5].map((id) => ({
          automation_id: 90,
          part_id: id,
          atMs: NOW_MS - id * MINUTE_MS,
        })),
      },
      'loop_breaker',
    ],
  ])('%s', (_, conversation, code) => {
    const decision = decideWith(ALL, messageOf('price'), contextOf({ conversation }))
    expect(decision.action).toBeNull()
    expect(new Set(decision.reasons.map((each) => each.code))).toEqual(new Set([code]))
  })

  test('all of that ends', () => {
    const over = {
      windowClosesMs: NOW_MS + 1,
      mutedUntilMs: NOW_MS,
      lastPersonReplyMs: NOW_MS - 30 * MINUTE_MS,
      automaticReplies: [2, 3, 4, 5, 10].map((minutes) => ({
        automation_id: 9,
        part_id: null,
        atMs: NOW_MS - minutes * MINUTE_MS,
      })),
    }
    expect(answeredBy(ALL, 'price', contextOf({ conversation: over }))).toEqual([1, 11])
    const late = messageOf('price', { createdMs: NOW_MS - 10 * MINUTE_MS, arrivedMs: NOW_MS })
    expect(decideWith(ALL, late).action).not.toBeNull()
  })

  test('the pause is as long as the page wants', () => {
    const conversation = { lastPersonReplyMs: NOW_MS - 29 * MINUTE_MS }
    expect(answeredBy(ALL, 'price', contextOf({ conversation, pauseMinutes: 5 }))).toEqual([1, 11])
    expect(
      answeredBy(ALL, 'price', contextOf({ conversation: { lastPersonReplyMs: NOW_MS }, pauseMinutes: 0 })),
    ).toEqual([1, 11])
  })
})

describe('cool-downs', () => {
  test('a keyword that just answered leaves it to the next rule', () => {
    const conversation = { automaticReplies: replied({}) }
    expect(answeredBy(ALL, 'price', contextOf({ conversation }))).toEqual([4, 41])
    expect(
      answeredBy(
        { ...ALL, keywords: [...ALL.keywords, keyword(12, 'what')] },
        'what price',
        contextOf({ conversation }),
      ),
    ).toEqual([1, 12])
  })

  test('an FAQ that just answered is not replaced by one that fits less', () => {
    const faqs = [faq(5, 'Opening hours on Sunday?'), faq(6, 'Opening hours?')]
    const conversation = { automaticReplies: replied({ automation_id: 2, part_id: 6 }) }
    expect(answeredBy({ ...ALL, faqs, instantReplies: [] }, 'opening hours?', contextOf({ conversation }))).toBeNull()
  })

  test('one of its replies silences a whole instant reply', () => {
    const conversation = { automaticReplies: replied({ automation_id: 4, part_id: 999 }) }
    expect(answeredBy(ALL, 'hello', contextOf({ conversation }))).toBeNull()
  })

  test('none at all where the config says 0', () => {
    const automations = [automation(1, 'custom_keyword', { cooldown_minutes: 0 })]
    const conversation = { automaticReplies: replied({ atMs: NOW_MS }) }
    expect(answeredBy({ ...ALL, automations }, 'price', contextOf({ conversation }))).toEqual([1, 11])
  })
})

describe('instant replies', () => {
  const rules = (...instantReplies: PageRules['instantReplies']) =>
    pageRules({ automations: [automation(4, 'instant_reply')], instantReplies })

  test('a new conversation goes before a time, a time before any message', () => {
    const all = rules(
      instantReply(1),
      instantReply(2, { trigger: 'specific_time', hours: { thu: [['14:00', '16:00']] } }),
      instantReply(3, { trigger: 'new_conversation' }),
    )
    expect(answeredBy(all, 'x', contextOf({ conversation: { isNew: true } }))).toEqual([4, 3])
    expect(answeredBy(all, 'x')).toEqual([4, 2])
    expect(answeredBy(all, 'x', contextOf({ timeZone: 'UTC' }))).toEqual([4, 1])
  })

  test('an attachment alone is greeted, too', () => {
    expect(decideWith(rules(instantReply(1)), messageOf(null)).action?.part_id).toBe(1)
  })

  test('begins with the name where that is wanted and known', () => {
    const named = rules(instantReply(1, { include_name: true, message: 'thanks!', delay_seconds: 5 }))
    expect(decideWith(named, messageOf('x')).action).toMatchObject({ text: 'Sophea, thanks!', delay_seconds: 5 })
    const nameless = contextOf({ contact: { name: null } })
    expect(decideWith(named, messageOf('x'), nameless).action?.text).toBe('thanks!')
  })
})

describe('FAQs', () => {
  test('are followed by two buttons, unless that is not wanted', () => {
    expect(decideWith(ALL, messageOf('ship to cambodia?')).action?.quick_replies).toHaveLength(2)
    const automations = [automation(2, 'faq', { ask_feedback: false })]
    expect(decideWith({ ...ALL, automations }, messageOf('ship to cambodia?')).action?.quick_replies).toEqual([])
  })

  test('a press on a button is counted and not answered, even while automations pause', () => {
    const payload = decideWith(ALL, messageOf('ship to cambodia?')).action?.quick_replies[0]?.payload
    const pressed = messageOf('👍 Helpful', { quickReplyPayload: payload ?? null })
    for (const conversation of [{}, { lastPersonReplyMs: NOW_MS }]) {
      const decision = decideWith(ALL, pressed, contextOf({ conversation }))
      expect(decision).toMatchObject({
        action: null,
        effects: [{ kind: 'faq_feedback', faq_id: 21, feedback: 'helpful' }],
      })
    }
    expect(decideWith(ALL, { ...pressed, origin: 'sync' }).effects).toEqual([])
  })

  test('the threshold and the categories are the automation’s', () => {
    const faqs = [faq(5, 'Do you ship to Cambodia?', { category: 'delivery' })]
    const strict = [automation(2, 'faq', { threshold: 1 })]
    expect(answeredBy(pageRules({ automations: strict, faqs }), 'ship to cambodia')).toBeNull()
    const other = [automation(2, 'faq', { categories: ['prices'] }), automation(3, 'faq', { categories: ['delivery'] })]
    expect(answeredBy(pageRules({ automations: other, faqs }), 'ship to cambodia')).toEqual([3, 5])
  })
})

describe('reasons', () => {
  test('one for each automation and each part, in the order in which they are asked', () => {
    const rules = {
      ...ALL,
      automations: [
        ...ALL.automations,
        automation(5, 'comment_to_message', { message: 'x' }),
        automation(6, 'custom_keyword', null, { is_active: false }),
        automation(7, 'away_message', { message: 'x', business_hours: { mon: [['25:00', '26:00']] } }),
      ],
    }
    const { action, reasons } = decideWith(rules, messageOf('Do you SHIP to cambodia?'))
    expect(action?.part_id).toBe(21)
    expect(reasons.map(({ automation_id, part_id, code }) => [automation_id, part_id, code])).toEqual([
      [1, null, 'no_match'],
      [1, 11, 'no_match'],
      [6, null, 'inactive'],
      [2, null, 'answers'],
      [2, 21, 'answers'],
      [2, 22, 'too_different'],
      [3, null, 'within_business_hours'],
      [7, null, 'unusable'],
      [4, null, 'outranked'],
      [4, 41, 'outranked'],
      [5, null, 'other_trigger'],
    ])
  })

  test('say what they depended on, and can be written as JSON', () => {
    const decision = decideWith(ALL, messageOf('do you ship'))
    const { reasons } = JSON.parse(JSON.stringify(decision)) as typeof decision
    expect(reasons.find(({ part_id }) => part_id === 21)?.text).toMatch(/^[0-9]+ % alike, 50 % needed$/)
  })
})
