import type { AutomationRule } from './automation.ts'
import type { KeywordRule } from './custom-keyword.ts'
import type { FaqRule } from './faq.ts'
import type { InstantReplyRule } from './instant-reply.ts'

/** All rules of one page, inactive ones too (the dry run says that they are). In any order; stored rows fit. */
export interface PageRules {
  readonly automations: readonly AutomationRule[]
  readonly keywords: readonly KeywordRule[]
  readonly instantReplies: readonly InstantReplyRule[]
  readonly faqs: readonly FaqRule[]
}
