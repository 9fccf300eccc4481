import { expect, test } from 'vitest'
import { faqFeedbackButtons, parseFaqFeedback } from './faq-feedback.ts'

test('what the buttons send is read back', () => {
  const payloads = faqFeedbackButtons(41, {}).map(({ payload }) => parseFaqFeedback(payload))
  expect(payloads).toEqual([
    { faqId: 41, feedback: 'helpful' },
    { faqId: 41, feedback: 'unhelpful' },
  ])
})

test.each([null, '', 'pagesync:faq:0:helpful', 'pagesync:faq:41:helpful ', 'pagesync:faq:41:great', 'HELPFUL'])(
  '%j is not ours',
  (payload) => {
    expect(parseFaqFeedback(payload)).toBeNull()
  },
)
