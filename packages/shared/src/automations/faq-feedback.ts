import type { FaqConfig } from './faq.ts'

/** Marks the payloads that are ours among all that a page's buttons may carry. */
const PREFIX = 'pagesync:faq'
const PAYLOAD = /^pagesync:faq:([1-9][0-9]{0,15}):(helpful|unhelpful)$/

export type Feedback = 'helpful' | 'unhelpful'

export function faqFeedbackPayload(faqId: number, feedback: Feedback): string {
  return `${PREFIX}:${faqId}:${feedback}`
}

/** Null for every payload that is not ours. */
export function parseFaqFeedback(payload: string | null): { faqId: number; feedback: Feedback } | null {
  const found = payload === null ? null : PAYLOAD.exec(payload)
  return found ? { faqId: Number(found[1]), feedback: found[2] as Feedback } : null
}

/** The two buttons below an FAQ's answer. */
export function faqFeedbackButtons(faqId: number, config: FaqConfig = {}) {
  const button = (title: string, feedback: Feedback) => ({
    content_type: 'text' as const,
    title,
    payload: faqFeedbackPayload(faqId, feedback),
  })
  return [
    button(config.helpful_title ?? '👍 Helpful', 'helpful'),
    button(config.unhelpful_title ?? '👎 Not helpful', 'unhelpful'),
  ]
}
