import type { AutomationType } from '@pagesync/shared/automations/automation.ts'
import type { FaqBody } from '@pagesync/shared/automations/faq.ts'
import type { InstantReplyBody } from '@pagesync/shared/automations/instant-reply.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { createAutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import type { AutomaticReplyRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { createAutomations } from '@pagesync/shared/store/repositories/automations.ts'
import { createRuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { eventually } from './eventually.ts'
import { openSyncBed, type SyncBedOptions } from './sync-bed.ts'

export interface SentToCustomer {
  readonly mid: string
  readonly psid: string
  readonly text?: string
  readonly metadata?: string
  readonly comment_id?: string
  readonly quick_replies?: readonly { readonly payload?: string; readonly content_type?: string }[]
}

/** A simulated page with a gateway and a worker in this process, and a pen to write its rules with. */
export async function openAutomationBed(options: SyncBedOptions = {}) {
  const open = { count: 0, profileDeniedShare: 0, profilePhoneShare: 0 }
  const bed = await openSyncBed(open, { webhooks: true, sendEchoSeconds: 1, ...options })
  const { control } = bed.simulator
  const sequences = createSequences(bed.store)
  const rules = createAutomations(bed.store, sequences)
  const replies = createAutomaticReplies(bed.store, sequences)
  const ruleCounts = createRuleCounts(bed.store, replies)
  const of = { tenantId: bed.page.tenant_id, pageId: bed.page.id }
  const NOW = 1
  const changed = <T>(made: T): Promise<T> => rules.changed(bed.page.id).then(() => made)

  const automation = async (type: AutomationType, config: Record<string, unknown> = {}): Promise<number> => {
    const [row] = await rules.automations.insert(of, [{ name: type, type, is_active: true, config, order: 0 }], NOW)
    return changed(row!.id)
  }
  const sent = async (psid?: string): Promise<SentToCustomer[]> => {
    const { sent: all } = await control<{ sent: SentToCustomer[] }>('GET', 'sent')
    return psid === undefined ? all : all.filter((each) => each.psid === psid)
  }
  return {
    ...bed,
    rules,
    replies,
    sent,
    automation,
    async keyword(keyword: string, answer: string, config: Record<string, unknown> = {}) {
      const automationId = await automation('custom_keyword', { cooldown_minutes: 0, ...config })
      const content = { keyword, match_type: 'contains', response_message: answer, is_active: true } as const
      const [row] = await rules.keywords.insert(of, [{ ...content, automation_id: automationId }], NOW)
      return changed({ automationId, id: row!.id, row: row! })
    },
    async instantReply(body: Partial<InstantReplyBody>, config: Record<string, unknown> = {}) {
      const automationId = await automation('instant_reply', { cooldown_minutes: 0, ...config })
      const content = {
        trigger: 'new_message' as const,
        message: 'Hello!',
        delay_seconds: 0,
        include_name: false,
        is_active: true,
        hours: null,
        timezone: null,
        ...body,
      }
      const [row] = await rules.instantReplies.insert(of, [{ ...content, automation_id: automationId }], NOW)
      return changed({ automationId, id: row!.id })
    },
    async faq(body: FaqBody) {
      const content = { keywords: [], category: null, order: 0, is_active: true, ...body }
      const [row] = await rules.faqs.insert(of, [content], NOW)
      return changed(row!.id)
    },
    /** Somebody writes; a new person without a `psid`. */
    writes: (text: string, more: Record<string, unknown> = {}) =>
      control<{ psid: string; mid: string }>('POST', 'messages', { text, ...more }),
    /** What the person got, once it is so many messages. */
    received: (psid: string, count: number): Promise<SentToCustomer[]> =>
      eventually(async () => {
        const all = await sent(psid)
        return all.length >= count ? all : undefined
      }, 20_000),
    /** That everything written so far was handled: a person who writes later is answered by her keyword. */
    async settled(word: string, withinMs = 20_000): Promise<void> {
      const { psid } = await control<{ psid: string }>('POST', 'messages', { text: word })
      await eventually(async () => (await sent(psid)).length > 0, withinMs)
    },
    log: (): Promise<AutomaticReplyRow[]> => replies.ofPage(bed.page.id, 'id', 200),
    count: async (kind: 'automation' | 'keyword' | 'faq' | 'instant_reply' | 'page', id: number) =>
      (await ruleCounts.of(bed.page.id, kind, [id])).get(id),
    triggered: (): Change[] => bed.changes.filter(({ type }) => type === 'automation.triggered'),
    conversation: async (psid: string) => (await bed.reader.conversationsByKey([`${bed.page.id}:${psid}`]))[0],
    contact: async (psid: string) => (await bed.reader.contactsByKey([`${bed.page.id}:${psid}`]))[0],
  }
}
export type AutomationBed = Awaited<ReturnType<typeof openAutomationBed>>
