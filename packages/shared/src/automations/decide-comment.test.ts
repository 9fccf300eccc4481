import { expect, test } from 'vitest'
import { compileRules } from './compile-rules.ts'
import { decideComment } from './decide-comment.ts'

test('without rules nobody is answered', () => {
  const rules = compileRules({ automations: [], keywords: [], instantReplies: [], faqs: [] })
  const comment = {
    commentId: '1_2',
    postId: '1_1',
    fromId: '9',
    text: 'price?',
    verb: 'add',
    createdMs: 1,
    arrivedMs: 2,
  }
  const page = { name: 'Angkor Coffee', facebookId: '1' }
  const context = { nowMs: 3, page, contact: { name: null }, isAnswered: false, isBlocked: false }
  expect(decideComment(rules, comment, context).action).toBeNull()
})
