import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compileRules } from './compile-rules.ts'
import { MATCH_TYPES } from './custom-keyword.ts'
import { decide } from './decide.ts'
import type { AutomaticReply, DecisionContext, IncomingMessage } from './incoming.ts'
import { RULES_PER_PAGE } from './limits.ts'
import { ARRIVAL_AGE_MAX_MS, LOOP_REPLIES_MAX, LOOP_WINDOW_MS } from './message-gates.ts'
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
} from './testing/rule-samples.ts'
import { createScanAll } from './testing/scan-all.ts'

/** Few words, so that rules and messages meet; several scripts, so that boundaries matter. */
const WORDS = [
  'price',
  'Prïce',
  'prices',
  'ship',
  'do',
  'you',
  'open',
  '?',
  '24/7',
  'តម្លៃ',
  'ប៉ុន្មាន',
  'ราคา',
  'ยา',
  'พยายาม',
  '价格',
  '多少钱',
  '和服',
  '服务',
  '가격',
  'é',
  '👍',
]
const text = fc
  .array(fc.tuple(fc.constantFrom(...WORDS), fc.constantFrom('', ' ', ', ')), { minLength: 1, maxLength: 7 })
  .map((parts) => parts.flat().join(''))
const phrase = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 2 }).map((parts) => parts.join(' '))
const order = fc.integer({ min: 0, max: 2 })
const minutes = fc.constantFrom(undefined, 0, 5)
const hours = fc.constantFrom(
  {},
  { thu: [['14:00', '16:00'] as [string, string]] },
  { wed: [['22:00', '16:00'] as [string, string]] },
)
const config = (more: object) => fc.record({ cooldown_minutes: minutes }).map((base) => ({ ...base, ...more }))
const active = fc.boolean().map((on) => on || undefined)

const rules: fc.Arbitrary<PageRules> = fc
  .record({
    keywordAutomations: fc.array(fc.tuple(order, config({}), fc.boolean()), { maxLength: 2 }),
    faqAutomations: fc.array(fc.tuple(order, fc.constantFrom(0.2, 0.5, 0.9)), { maxLength: 1 }),
    away: fc.array(fc.tuple(order, hours, minutes), { maxLength: 2 }),
    instant: fc.array(fc.tuple(order, config({})), { maxLength: 2 }),
    keywords: fc.array(fc.tuple(phrase, fc.constantFrom(...MATCH_TYPES), fc.constantFrom(101, 102), active), {
      maxLength: 8,
    }),
    faqs: fc.array(fc.tuple(text, fc.array(phrase, { maxLength: 1 }), order, active), { maxLength: 8 }),
    replies: fc.array(
      fc.tuple(fc.constantFrom(401, 402), fc.constantFrom('new_message', 'new_conversation', 'specific_time'), active),
      { maxLength: 4 },
    ),
  })
  .map((drawn) => ({
    automations: [
      ...drawn.keywordAutomations.map(([at, settings, on], i) =>
        automation(101 + i, 'custom_keyword', settings, { order: at, is_active: on }),
      ),
      ...drawn.faqAutomations.map(([at, threshold]) => automation(201, 'faq', { threshold }, { order: at })),
      ...drawn.away.map(([at, business_hours, cooldown_minutes], i) =>
        automation(
          301 + i,
          'away_message',
          { message: 'away', business_hours, ...(cooldown_minutes === undefined ? {} : { cooldown_minutes }) },
          { order: at },
        ),
      ),
      ...drawn.instant.map(([at, settings], i) => automation(401 + i, 'instant_reply', settings, { order: at })),
    ].map((each) => ({ ...each, config: JSON.parse(JSON.stringify(each.config)) })),
    keywords: drawn.keywords.map(([word, type, of, on], i) =>
      keyword(i + 1, type === 'regex' ? word.replace(/[?/]/g, '\\$&') : word, type, {
        automation_id: of,
        is_active: on ?? false,
      }),
    ),
    faqs: drawn.faqs.map(([question, keywords, at, on], i) =>
      faq(i + 1, question, { keywords, order: at, is_active: on ?? false }),
    ),
    instantReplies: drawn.replies.map(([of, trigger, on], i) =>
      instantReply(i + 1, {
        automation_id: of,
        trigger,
        is_active: on ?? false,
        ...(trigger === 'specific_time' ? { hours: { thu: [['14:00', '16:00']] } } : {}),
      }),
    ),
  }))

const agoMs = fc.integer({ min: -2, max: 90 }).map((ago) => NOW_MS - ago * MINUTE_MS)
const replies: fc.Arbitrary<AutomaticReply[]> = fc.array(
  fc.record({
    automation_id: fc.constantFrom(101, 102, 201, 301, 401),
    part_id: fc.constantFrom(null, 1, 2, 3),
    atMs: agoMs,
  }),
  { maxLength: 7 },
)
/** Mostly such that a rule may answer. */
const rarely = <T>(usual: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: other })
const message: fc.Arbitrary<IncomingMessage> = fc
  .record({
    text: rarely<string | null>('', fc.constant(null)),
    said: text,
    origin: rarely<IncomingMessage['origin']>('webhook', fc.constantFrom('echo', 'sync', 'send')),
    direction: rarely<IncomingMessage['direction']>('in', fc.constantFrom('out', null)),
    channel: rarely<IncomingMessage['channel']>('messaging', fc.constant('standby')),
    isDeleted: rarely(false, fc.constant(true)),
    isEdited: rarely(false, fc.constant(true)),
    createdMs: rarely(NOW_MS - 1_000, agoMs),
  })
  .map(({ said, text: kind, ...more }) => messageOf(kind === null ? null : said, more))
const context: fc.Arbitrary<DecisionContext> = fc
  .record({
    isNew: fc.boolean(),
    isBlocked: rarely(false, fc.constant(true)),
    mutedUntilMs: rarely<number | null>(null, agoMs),
    windowClosesMs: rarely<number | null>(NOW_MS + 86_400_000, fc.oneof(agoMs, fc.constant(null))),
    lastPersonReplyMs: rarely<number | null>(null, agoMs),
    automaticReplies: replies,
  })
  .map((conversation) => contextOf({ conversation }))

const RUNS = { numRuns: 400 }
const choice = (page: PageRules, incoming: IncomingMessage, given: DecisionContext) => {
  const { action } = decide(compileRules(page), incoming, given)
  return action && [action.automation_id, action.part_id]
}

test('the index decides as a scan of all rules does', () => {
  let answered = 0
  fc.assert(
    fc.property(rules, message, context, (page, incoming, given) => {
      const expected = createScanAll(page)(incoming, given)
      if (expected) answered++
      expect(choice(page, incoming, given)).toEqual(expected)
    }),
    RUNS,
  )
  // A property of decisions that are all "none" would say nothing.
  expect(answered).toBeGreaterThan(RUNS.numRuns / 10)
})

test('in which order rules were given does not matter', () => {
  const shuffled = <T>(list: readonly T[]) => fc.shuffledSubarray([...list], { minLength: list.length })
  const twice = rules.chain((page) =>
    fc.record({
      page: fc.constant(page),
      other: fc.record({
        automations: shuffled(page.automations),
        keywords: shuffled(page.keywords),
        faqs: shuffled(page.faqs),
        instantReplies: shuffled(page.instantReplies),
      }),
    }),
  )
  fc.assert(
    fc.property(twice, message, context, ({ page, other }, incoming, given) => {
      const decisions = [page, other].map((each) => JSON.stringify(decide(compileRules(each), incoming, given).action))
      expect(decisions[0]).toBe(decisions[1])
    }),
    RUNS,
  )
})

test('never an answer to an echo, to history, or where automations have to be silent', () => {
  fc.assert(
    fc.property(rules, message, context, (page, incoming, given) => {
      const { action } = decide(compileRules(page), incoming, given)
      if (!action) return
      const { conversation, nowMs } = given
      expect(incoming).toMatchObject({ origin: 'webhook', channel: 'messaging', isDeleted: false, isEdited: false })
      expect(incoming.direction).not.toBe('out')
      expect(incoming.arrivedMs - incoming.createdMs).toBeLessThanOrEqual(ARRIVAL_AGE_MAX_MS)
      expect(conversation.isBlocked).toBe(false)
      expect(conversation.windowClosesMs ?? 0).toBeGreaterThan(nowMs)
      expect(conversation.mutedUntilMs ?? 0).toBeLessThanOrEqual(nowMs)
      expect(nowMs - (conversation.lastPersonReplyMs ?? 0)).toBeGreaterThanOrEqual(30 * MINUTE_MS)
      const recent = conversation.automaticReplies.filter(({ atMs }) => atMs > nowMs - LOOP_WINDOW_MS)
      expect(recent.length).toBeLessThan(LOOP_REPLIES_MAX)
    }),
    RUNS,
  )
})

test('never the same answer again within its cool-down, and never two: a loop of messages ends', () => {
  fc.assert(
    fc.property(rules, fc.array(message, { minLength: 1, maxLength: 12 }), (page, messages) => {
      const compiled = compileRules(page)
      const automaticReplies: AutomaticReply[] = []
      for (const [i, incoming] of messages.entries()) {
        const nowMs = NOW_MS + i * 1_000
        const { action, reasons } = decide(compiled, incoming, contextOf({ nowMs, conversation: { automaticReplies } }))
        const answering = reasons.filter(({ part_id, code }) => part_id === null && code === 'answers')
        expect(answering.map(({ automation_id }) => automation_id)).toEqual(action ? [action.automation_id] : [])
        if (!action) continue
        const rule = page.automations.find(({ id }) => id === action.automation_id)
        const isRepeated = automaticReplies.some(
          (each) => each.automation_id === action.automation_id && each.part_id === action.part_id,
        )
        if (rule?.config?.cooldown_minutes !== 0) expect(isRepeated).toBe(false)
        automaticReplies.push({ automation_id: action.automation_id, part_id: action.part_id, atMs: nowMs })
      }
      expect(automaticReplies.length).toBeLessThanOrEqual(LOOP_REPLIES_MAX)
    }),
    { numRuns: 150 },
  )
})

test('a page with as many rules as it may have is compiled and decided', () => {
  const many = <T>(count: number, make: (id: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i + 1))
  const page: PageRules = {
    automations: [automation(1, 'custom_keyword'), automation(2, 'faq')],
    keywords: [
      ...many(RULES_PER_PAGE.keywords, (id) => keyword(id, `word${id} again`)),
      ...many(100, (id) => keyword(id + 10_000, `code-${id}x`, 'regex')),
    ],
    instantReplies: [],
    faqs: many(RULES_PER_PAGE.faqs, (id) => faq(id, `Do you have number ${id} of colour ${id % 50}?`)),
  }
  const compiled = compileRules(page)
  const part = (said: string) => decide(compiled, messageOf(said), contextOf()).action?.part_id
  expect(part('word777 again')).toBe(777)
  expect(part('CODE-50x')).toBe(10_050)
  expect(part('do you have number 4321?')).toBe(4_321)
})
