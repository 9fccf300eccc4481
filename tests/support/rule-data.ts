import { faqContent, instantReplyContent, keywordContent } from '@pagesync/api/rule-contents.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createAutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import { countedAs, replyKey } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { createAutomations } from '@pagesync/shared/store/repositories/automations.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { T0_MS } from './api-data.ts'

/** Puts rules of a page, one of each kind, into the store; each answers the id. */
export function createRuleData(store: Store, page: PageRow) {
  const sequences = createSequences(store)
  const { automations, instantReplies, keywords, faqs } = createAutomations(store, sequences)
  const of = { tenantId: page.tenant_id, pageId: page.id }
  const automation = async (type: 'custom_keyword' | 'instant_reply'): Promise<number> => {
    const content = { name: type, type, is_active: true, config: {}, order: 0 }
    return (await automations.insert(of, [content], T0_MS))[0]!.id
  }
  const faq = async (): Promise<number> => {
    const content = faqContent({ question: 'Open?', answer: 'Yes.', category: 'Hours' })
    return (await faqs.insert(of, [content], T0_MS))[0]!.id
  }
  return {
    keywords: () => automation('custom_keyword'),
    greeting: () => automation('instant_reply'),
    faq,
    async keyword(): Promise<number> {
      const content = keywordContent({ keyword: 'ship', match_type: 'contains', response_message: 'Yes.' })
      const row = { ...content, automation_id: await automation('custom_keyword') }
      return (await keywords.insert(of, [row], T0_MS))[0]!.id
    },
    async instantReply(): Promise<number> {
      const content = instantReplyContent({
        trigger: 'new_message',
        message: 'Hello!',
        hours: { mon: [['09:00', '17:00']] },
      })
      const row = { ...content, automation_id: await automation('instant_reply') }
      return (await instantReplies.insert(of, [row], T0_MS))[0]!.id
    },
    /** That a person sent the answer of an FAQ. */
    async faqLog(): Promise<number> {
      const faqId = await faq()
      const commandId = `cmd_of_faq_${faqId}`
      const key = replyKey(page.id, `command/${commandId}`)
      const rows = await createAutomaticReplies(store, sequences).record([
        {
          _id: key,
          tenant_id: page.tenant_id,
          page_id: page.id,
          conversation_key: null,
          automation_id: null,
          automation_type: 'faq',
          part: 'faq',
          part_id: faqId,
          command_id: commandId,
          answered_id: null,
          at_ms: T0_MS,
          log_partition: null,
          log_offset: null,
          counted_as: countedAs('faq', faqId),
        },
      ])
      return rows.get(key)!.id
    },
  }
}
