import type { FaqBody } from '@pagesync/shared/automations/faq.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import type { FaqRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { ApiContext } from './api-context.ts'
import { faqBody, faqContent } from './rule-contents.ts'
import { createRuleParts } from './rule-parts.ts'
import { type Faq, presentFaq } from './views/faq.ts'

/** FAQs are parts of a page's rules that belong to no automation. */
export function createFaqParts(context: ApiContext) {
  const kind = {
    part: 'faq',
    collection: context.rules.faqs,
    max: RULES_PER_PAGE.faqs,
    plural: 'FAQs',
    notFound: 'FAQ_NOT_FOUND',
    bodyOf: faqBody,
    contentOf: faqContent,
    present: presentFaq,
  } as const
  return createRuleParts<FaqRow, FaqBody, Faq>(kind, context)
}
