import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { expect, test } from 'vitest'
import { waitingSince } from './waiting-since.ts'

const conversation = (row: Partial<ConversationRow>): ConversationRow =>
  ({
    last_message_direction: 'in',
    last_message_automatic: false,
    last_customer_ms: null,
    ...row,
  }) as ConversationRow
const waiting = (since_ms: number | null) => ({ since_ms, alerted: {} })

test('from the first message that no person answered, whatever automations say to it', () => {
  expect(waitingSince(undefined, conversation({ last_customer_ms: 10 }))).toBe(10)
  expect(waitingSince(waiting(10), conversation({ last_customer_ms: 20 }))).toBe(10)
  const automatic = { last_message_direction: 'out', last_message_automatic: true } as const
  expect(waitingSince(waiting(10), conversation({ last_customer_ms: 10, ...automatic }))).toBe(10)
})

test('not once a person answered, also where an automation says more later', () => {
  const answered = { last_customer_ms: 10, last_person_reply_ms: 20, last_message_direction: 'out' } as const
  expect(waitingSince(waiting(10), conversation(answered))).toBeNull()
  expect(waitingSince(waiting(10), conversation({ ...answered, last_message_automatic: true }))).toBeNull()
  expect(waitingSince(undefined, conversation({ ...answered, last_message_automatic: true }))).toBeNull()
})

test('anew from what is written after that', () => {
  expect(waitingSince(waiting(10), conversation({ last_customer_ms: 30, last_person_reply_ms: 20 }))).toBe(30)
  expect(waitingSince(waiting(null), conversation({ last_customer_ms: 30, last_person_reply_ms: 20 }))).toBe(30)
})
