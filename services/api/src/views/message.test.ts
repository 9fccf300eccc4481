import { newConversation } from '@pagesync/shared/model/merge-conversation.ts'
import type { MessageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { describe, expect, it } from 'vitest'
import { messageState, presentMessage } from './message.ts'

const SENT_MS = Date.UTC(2026, 0, 8, 10, 30)

const around = {
  conversation: {
    ...newConversation({ _id: '1:200', tenant_id: 't_1', page_id: 1, psid: '200' }, null, SENT_MS),
    id: 5,
    rev: 1,
  },
  participantName: 'Sokha',
  pageName: 'Angkor Coffee',
}

const message = (fields: Partial<MessageRow>): MessageRow => ({
  _id: '1:abc',
  rev: 1,
  id: 9,
  tenant_id: 't_1',
  page_id: 1,
  conversation_key: '1:200',
  mid: 'm_abc',
  direction: 'in',
  from_id: '200',
  text: 'do you ship?',
  created_ms: SENT_MS,
  origin: 'webhook',
  stamp: SENT_MS * 2,
  ...fields,
})

describe('state', () => {
  const out = { direction: 'out', created_ms: SENT_MS } as const

  it.each([
    [null, null, 'sent'],
    [SENT_MS - 1, null, 'sent'],
    [SENT_MS, null, 'delivered'],
    [SENT_MS, SENT_MS - 1, 'delivered'],
    [SENT_MS, SENT_MS, 'read'],
    [null, SENT_MS, 'read'],
  ])('delivered up to %s, read up to %s: %s', (delivered_ms, read_ms, state) => {
    expect(messageState(out, { delivered_ms, read_ms })).toBe(state)
  })

  it("of a person's message is delivered: it is here", () => {
    expect(messageState({ direction: 'in', created_ms: SENT_MS }, { delivered_ms: null, read_ms: null })).toBe(
      'delivered',
    )
  })
})

it('names the sender: as told, else the participant, else the page', () => {
  expect(presentMessage(message({ from_name: 'S. Chan' }), around).from.name).toBe('S. Chan')
  expect(presentMessage(message({}), around).from).toEqual({ facebook_id: '200', name: 'Sokha' })
  expect(presentMessage(message({ direction: 'out' }), around).from.name).toBe('Angkor Coffee')
  expect(presentMessage(message({ direction: null, from_id: null }), around).from).toEqual({
    facebook_id: null,
    name: null,
  })
})

it('hides what a deleted message said, and tells that it was deleted', () => {
  const deleted = presentMessage(message({ deleted_ms: SENT_MS + 1, attachments: [{ type: 'image' }] }), around)
  expect(deleted).toMatchObject({ text: null, attachments: [], deleted_at: '2026-01-08T10:30:00.001Z' })
})

it('leaves out reactions that were taken back', () => {
  const reactions = [
    { from_id: '200', reaction: 'love', emoji: '❤', stamp: 1 },
    { from_id: '100', reaction: null, emoji: null, stamp: 2 },
  ]
  expect(presentMessage(message({ reactions }), around).reactions).toEqual([
    { facebook_id: '200', reaction: 'love', emoji: '❤' },
  ])
})
