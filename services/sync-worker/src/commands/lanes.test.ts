import { newCommandRow } from '@pagesync/shared/model/command-row.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { describe, expect, it } from 'vitest'
import { createLanes, heldConversations, inOrder, isHeld } from './lanes.ts'

function send(id: string, acceptedMs: number, more: Partial<CommandRow> = {}): CommandRow {
  const row = newCommandRow(
    {
      commandId: id,
      tenantId: 't',
      pageId: 7,
      facebookPageId: '42',
      conversationKey: '7:1',
      type: 'message.send',
      arguments: {},
      requestedBy: { kind: 'service', id: 's' },
      trigger: 'api',
    },
    acceptedMs,
  )
  return { ...row, rev: 1, state: 'queued', due_ms: acceptedMs, ...more }
}

describe('the lanes of a page', () => {
  it('run one push at a time for each conversation, several conversations side by side', () => {
    const lanes = createLanes()
    const leave = lanes.enter(send('a', 1))
    expect(lanes.hasRoomFor(send('b', 2))).toBe(false)
    // Named by the person, it is the same conversation.
    expect(lanes.hasRoomFor(send('c', 3, { conversation_key: null, arguments: { recipient_id: '1' } }))).toBe(false)
    expect(lanes.hasRoomFor(send('d', 4, { conversation_key: '7:2' }))).toBe(true)
    leave()
    expect(lanes.hasRoomFor(send('b', 2))).toBe(true)
  })

  it('run one pull and one sync at a time, beside the pushes', () => {
    const lanes = createLanes()
    lanes.enter(send('a', 1, { lane: 'sync' }))
    expect(lanes.hasRoomFor(send('b', 1, { lane: 'sync' }))).toBe(false)
    expect(lanes.hasRoomFor(send('c', 1, { lane: 'pull' }))).toBe(true)
    expect(lanes.hasRoomFor(send('d', 1))).toBe(true)
  })

  it('ask for names in the place of a sync, after what is due later', () => {
    const lanes = createLanes()
    const name = send('a', 1_000, { lane: 'name', type: 'contact.resolve_profile' })
    const sync = send('b', 2_000, { lane: 'sync', type: 'page.full_sync' })
    expect(inOrder([name, sync]).map(({ command_id }) => command_id)).toEqual(['b', 'a'])
    lanes.enter(sync)
    expect(lanes.hasRoomFor(name)).toBe(false)
  })
})

describe('sends of one conversation', () => {
  it('are held by an earlier one that waits, but not by one that is unconfirmed or was asked for later', () => {
    const later = send('b', 2_000)
    const heldBy = (more: Partial<CommandRow>) => isHeld(later, heldConversations([send('a', 1_000, more)]))
    expect(heldBy({ state: 'waiting', due_ms: 9_000, attempts: 1 })).toBe(true)
    expect(heldBy({ state: 'accepted', due_ms: 6_000 })).toBe(true)
    expect(heldBy({ state: 'unconfirmed', due_ms: 9_000 })).toBe(false)
    expect(heldBy({ state: 'queued', due_ms: 9_000_000 })).toBe(false)
    expect(heldBy({ state: 'waiting', due_ms: 9_000, conversation_key: '7:2' })).toBe(false)
    expect(isHeld(send('a', 1_000), heldConversations([send('b', 2_000, { state: 'waiting' })]))).toBe(false)
  })

  it('start in the order of acceptance, however often one was tried', () => {
    const tried = send('a', 1_000, { due_ms: 5_000 })
    expect(inOrder([send('b', 2_000), tried]).map(({ command_id }) => command_id)).toEqual(['a', 'b'])
  })
})
