import { newConversation } from '@pagesync/shared/model/merge-conversation.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { describe, expect, it } from 'vitest'
import { isAnswered, presentConversation, replyWindow } from './conversation.ts'

const HOUR_MS = 3_600_000
const WROTE_MS = Date.UTC(2026, 0, 8, 10, 30)

const conversation = (fields: Partial<ConversationRow>): ConversationRow => ({
  ...newConversation({ _id: '1:200', tenant_id: 't_1', page_id: 1, psid: '200' }, null, WROTE_MS),
  id: 5,
  rev: 1,
  ...fields,
})

describe('reply window', () => {
  it.each([
    [0, 'standard', '2026-01-09T10:30:00.000Z'],
    [24 * HOUR_MS - 1, 'standard', '2026-01-09T10:30:00.000Z'],
    [24 * HOUR_MS, 'human_agent', '2026-01-15T10:30:00.000Z'],
    [7 * 24 * HOUR_MS - 1, 'human_agent', '2026-01-15T10:30:00.000Z'],
    [7 * 24 * HOUR_MS, 'closed', null],
  ])('%i ms after the person wrote it is %s until %s', (afterMs, kind, closes_at) => {
    expect(replyWindow(WROTE_MS, WROTE_MS + afterMs)).toEqual({ kind, closes_at })
  })

  it('is closed where the person never wrote', () => {
    expect(replyWindow(null, WROTE_MS)).toEqual({ kind: 'closed', closes_at: null })
  })
})

describe('is_answered', () => {
  it("is true only when the newest message is the page's and a person wrote it", () => {
    expect(isAnswered({ last_message_direction: 'out', last_message_automatic: false })).toBe(true)
    expect(isAnswered({ last_message_direction: 'out', last_message_automatic: true })).toBe(false)
    expect(isAnswered({ last_message_direction: 'in', last_message_automatic: false })).toBe(false)
    expect(isAnswered({ last_message_direction: null, last_message_automatic: false })).toBe(false)
  })
})

describe('participant', () => {
  it("is named by the conversation, else by the person's contact, else not at all", () => {
    expect(presentConversation(conversation({ participant_name: 'Sokha' }), WROTE_MS, 'S.').participant.name).toBe(
      'Sokha',
    )
    expect(presentConversation(conversation({}), WROTE_MS, 'S.').participant).toEqual({
      facebook_id: '200',
      name: 'S.',
    })
    expect(presentConversation(conversation({}), WROTE_MS).participant.name).toBeNull()
  })
})

it('shows the newest of several threads, and null before Facebook has named one', () => {
  expect(presentConversation(conversation({ thread_ids: ['t_2', 't_1'] }), WROTE_MS).facebook_conversation_id).toBe(
    't_2',
  )
  expect(presentConversation(conversation({}), WROTE_MS).facebook_conversation_id).toBeNull()
})
