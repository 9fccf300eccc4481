import { describe, expect, it } from 'vitest'
import {
  type ConversationDraft,
  type ConversationStep,
  changedFields,
  isCountedBy,
  type MessageStep,
  markApplied,
  mergeConversation,
  newConversation,
  type ThreadStep,
} from './merge-conversation.ts'
import { pullStamp, webhookStamp } from './stamp.ts'

const T = 1_700_000_000_000
const fresh = newConversation({ _id: '1:42', tenant_id: 't_1', page_id: 1, psid: '42' }, 'ev_1', T)
const fold = (row: ConversationDraft, ...steps: ConversationStep[]) => steps.reduce(mergeConversation, row)
const message = (offset: number, direction: 'in' | 'out', atMs = T + offset): MessageStep => ({
  kind: 'message',
  stamp: webhookStamp(atMs),
  mid: `m_${offset}`,
  direction,
  snippet: `text ${offset}`,
  created_ms: atMs,
  automatic: false,
  first_told: { partition: 3, offset },
})
const thread = (requestedMs: number, more: Partial<ThreadStep> = {}): ThreadStep => ({
  kind: 'thread',
  stamp: pullStamp(requestedMs),
  thread_id: 't_1',
  participant_name: 'Dara',
  updated_ms: T,
  ...more,
})
/** As the consumer does: step, then mark its place. */
const live = (row: ConversationDraft, step: MessageStep, place = step.first_told?.offset ?? 0) =>
  markApplied(mergeConversation(row, step), { partition: 3, offset: place })

describe('mergeConversation', () => {
  it("counts each customer's message once and answers by the page as none left", () => {
    let row = fresh
    for (const step of [message(1, 'in'), message(2, 'in')]) row = live(row, step)
    expect(row).toMatchObject({ unread_count: 2, message_count: 2, last_message_mid: 'm_2' })
    row = live(row, message(3, 'out'))
    expect(row).toMatchObject({ unread_count: 0, message_count: 3, last_message_direction: 'out' })
  })

  it('does not count again what a batch brings again after a crash', () => {
    const once = live(live(fresh, message(1, 'in')), message(2, 'in'))
    const again = live(live(once, message(1, 'in')), message(2, 'in'))
    expect(again.unread_count).toBe(2)
    expect(isCountedBy(again, { partition: 3, offset: 2 })).toBe(true)
  })

  it('does not count a webhook that Facebook repeats at a later place', () => {
    const once = live(fresh, message(1, 'in'))
    // The message row keeps the place at which it was told first.
    expect(live(once, message(1, 'in'), 9)).toMatchObject({ unread_count: 1, message_count: 1, applied_offset: 9 })
  })

  it('takes the number of a pull, and counts on from it', () => {
    const pulled = fold(fresh, thread(T + 100, { unread_count: 5, message_count: 40 }))
    expect(live(pulled, message(200, 'in'))).toMatchObject({ unread_count: 6, message_count: 41 })
  })

  it('does not add a message that is older than the pull that counted it', () => {
    const pulled = fold(fresh, thread(T + 100, { unread_count: 5, message_count: 40 }))
    expect(live(pulled, message(50, 'in'))).toMatchObject({ unread_count: 5, message_count: 40 })
  })

  it('does not let a pull overwrite what a newer webhook counted', () => {
    const counted = live(fresh, message(200, 'in'))
    expect(fold(counted, thread(T + 100, { unread_count: 0, message_count: 0 }))).toMatchObject({
      unread_count: 1,
      message_count: 1,
    })
  })

  it('shows the newest message by its own time, not by its arrival', () => {
    const row = live(live(fresh, message(5, 'in', T + 5000)), message(6, 'in', T + 1000))
    expect(row).toMatchObject({ last_message_mid: 'm_5', last_customer_ms: T + 5000 })
  })

  it('opens an archived conversation when its customer writes after it was archived, and not for an older message', () => {
    const archived: ConversationDraft = { ...fresh, status: 'archived', status_stamp: webhookStamp(T + 100) }
    expect(live(archived, message(50, 'in')).status).toBe('archived')
    expect(live(archived, message(150, 'in')).status).toBe('open')
    expect(mergeConversation(archived, { ...message(150, 'in'), first_told: null }).status).toBe('open')
    const archive = { kind: 'status', status: 'archived', stamp: webhookStamp(T + 100) } as const
    expect(mergeConversation(live(fresh, message(150, 'in')), archive).status).toBe('open')
    expect(mergeConversation(live(fresh, message(50, 'in')), archive).status).toBe('archived')
  })

  it('keeps both threads of one person, the newest first', () => {
    const row = fold(
      fresh,
      thread(T + 1, { thread_id: 't_old', updated_ms: T - 1000 }),
      thread(T + 2, { thread_id: 't_new', updated_ms: T }),
    )
    expect(row.thread_ids).toEqual(['t_new', 't_old'])
    expect(fold(row, thread(T + 3, { thread_id: 't_old', updated_ms: T - 1000 })).thread_ids).toEqual([
      't_new',
      't_old',
    ])
  })

  it('only moves delivery and read marks forward', () => {
    const row = fold(fresh, { kind: 'read', up_to_ms: T + 10 }, { kind: 'read', up_to_ms: T })
    expect(row.read_ms).toBe(T + 10)
  })

  it('tells no change to callers when a pull brings nothing new', () => {
    const step = thread(T + 100, { unread_count: 2, message_count: 4, can_reply: true, folder: 'inbox' })
    const row = fold(fresh, step)
    const again = fold(row, { ...step, stamp: pullStamp(T + 5000) })
    expect(changedFields(row, again)).toEqual({})
  })
})
