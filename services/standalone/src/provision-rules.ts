import type { Store } from '@pagesync/shared/store/collection.ts'
import { createAutomations } from '@pagesync/shared/store/repositories/automations.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'

/** The demonstration's rules. They answer some of what its simulated customers say, and nothing else. */
export async function provisionRules(store: Store, page: PageRow, nowMs: number): Promise<void> {
  const rules = createAutomations(store, createSequences(store))
  // Whatever a person made or removed since stays so.
  if (!(await rules.begin(page.id))) return
  const of = { tenantId: page.tenant_id, pageId: page.id }
  const common = { is_active: true, config: {}, order: 0 }
  const [keywords] = await rules.automations.insert(
    of,
    [
      { ...common, name: 'Keywords', type: 'custom_keyword' },
      { ...common, name: 'FAQs', type: 'faq' },
    ],
    nowMs,
  )
  if (keywords) {
    const keyword = { keyword: 'open today', match_type: 'contains', is_active: true } as const
    const response_message = 'Yes, {{page_name}} is open until 10 pm today. See you!'
    await rules.keywords.insert(of, [{ ...keyword, response_message, automation_id: keywords.id }], nowMs)
  }
  const faq = { category: null, order: 0, is_active: true }
  await rules.faqs.insert(
    of,
    [
      {
        ...faq,
        question: 'How much is delivery to the riverside?',
        answer: 'Delivery to the riverside is 2 dollars, and free from 20 dollars on.',
        keywords: ['how much is delivery'],
      },
      {
        ...faq,
        question: 'Can I book a table?',
        answer: 'Of course! Which day, what time, and for how many?',
        keywords: ['book a table'],
      },
    ],
    nowMs,
  )
  await rules.changed(page.id)
}
