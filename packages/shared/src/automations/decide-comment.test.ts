import { describe, expect, test } from 'vitest'
import { compileRules } from './compile-rules.ts'
import { type CommentContext, decideComment, type IncomingComment } from './decide-comment.ts'
import { LOOP_REPLIES_MAX } from './message-gates.ts'
import { automation, MINUTE_MS, NOW_MS, pageRules } from './testing/rule-samples.ts'

const comment: IncomingComment = {
  postId: '104_9',
  fromId: '77',
  text: 'តម្លៃប៉ុន្មាន?',
  verb: 'add',
  createdMs: NOW_MS - 1_000,
  arrivedMs: NOW_MS,
}
const conversation = { mutedUntilMs: null, lastPersonReplyMs: null, automaticReplies: [] }
const context: CommentContext = {
  nowMs: NOW_MS,
  conversation,
  page: { name: 'Angkor Coffee', facebookId: '104' },
  contact: { name: 'Sophea Chan' },
  isAnswered: false,
  isBlocked: false,
}
const byKeyword = automation(2, 'comment_to_message', {
  message: 'Hi {{first_name}}',
  keywords: ['តម្លៃ'],
  delay_seconds: 3,
})
const any = automation(1, 'comment_to_message', { message: 'Thanks!' }, { order: 5 })
const decideWith = (
  given: Partial<IncomingComment>,
  more: Partial<CommentContext> = {},
  automations = [any, byKeyword],
) => decideComment(compileRules(pageRules({ automations })), { ...comment, ...given }, { ...context, ...more })

test('the first rule that fits answers, and the other says that it would', () => {
  expect(decideWith({})).toMatchObject({
    action: { automation_id: 2, text: 'Hi Sophea', delay_seconds: 3 },
    reasons: [{ code: 'answers' }, { code: 'outranked' }],
  })
  expect(decideWith({ text: 'nice' }).action).toMatchObject({ automation_id: 1, text: 'Thanks!' })
})

describe('what is not answered', () => {
  test.each<[string, Partial<IncomingComment>, Partial<CommentContext>, string]>([
    ['what the page wrote', { fromId: '104' }, {}, 'echo'],
    ['what nobody is known to have written', { fromId: null }, {}, 'author_unknown'],
    ['an edit', { verb: 'edited' }, {}, 'edited'],
    ['what was old when it arrived', { createdMs: NOW_MS - 11 * MINUTE_MS }, {}, 'too_old'],
    ['a comment that has its reply', {}, { isAnswered: true }, 'already_answered'],
    ['a blocked person', {}, { isBlocked: true }, 'blocked'],
    ['a muted person', {}, { conversation: { ...conversation, mutedUntilMs: NOW_MS + 1 } }, 'muted'],
    [
      'whom a person answered',
      {},
      { conversation: { ...conversation, lastPersonReplyMs: NOW_MS - 4 * MINUTE_MS }, pauseMinutes: 5 },
      'paused',
    ],
    [
      'one comment after another',
      {},
      {
        conversation: {
          ...conversation,
          automaticReplies: Array(LOOP_REPLIES_MAX).fill({ automation_id: 9, part_id: null, atMs: NOW_MS }),
        },
      },
      'loop_breaker',
    ],
  ])('%s', (_, given, more, code) => {
    const { action, reasons } = decideWith(given, more)
    expect(action).toBeNull()
    expect(reasons.map((each) => each.code)).toEqual([code, code])
  })

  test('comments of other posts', () => {
    const only = (id: string) => [automation(1, 'comment_to_message', { message: 'x', post_ids: [id] })]
    expect(decideWith({}, {}, only('9')).action).not.toBeNull()
    expect(decideWith({}, {}, only('104_9')).action).not.toBeNull()
    expect(decideWith({}, {}, only('8')).reasons[0]?.code).toBe('other_post')
  })
})
