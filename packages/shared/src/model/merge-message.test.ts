import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type MessageDetail,
  type MessageDraft,
  type MessageIdentity,
  type MessageKnowledge,
  mergeMessage,
} from './merge-message.ts'
import { pullStamp, webhookStamp } from './stamp.ts'

const IDENTITY: MessageIdentity = { _id: '1:abc', tenant_id: 't_1', page_id: 1, conversation_key: '1:42', mid: 'm_abc' }
const T = 1_700_000_000_000

const webhook: MessageDetail = {
  kind: 'detail',
  stamp: webhookStamp(T),
  origin: 'webhook',
  direction: 'in',
  from_id: '42',
  text: 'helo',
  created_ms: T,
  event_id: 'ev_1',
  log_partition: 0,
  log_offset: 7,
}
const pulledAt = (requestedMs: number, text: string | null): MessageDetail => ({
  kind: 'detail',
  stamp: pullStamp(requestedMs),
  origin: 'sync',
  direction: 'in',
  from_id: '42',
  from_name: 'Dara',
  text,
  created_ms: Math.floor(T / 1000) * 1000,
})
const edit = (atMs: number, text: string): MessageKnowledge => ({
  kind: 'edit',
  stamp: webhookStamp(atMs),
  text,
  at_ms: atMs,
})
const reaction = (atMs: number, from: string, value: string | null): MessageKnowledge => ({
  kind: 'reaction',
  stamp: webhookStamp(atMs),
  at_ms: atMs,
  reaction: { from_id: from, reaction: value, emoji: null, stamp: webhookStamp(atMs) },
})
const fold = (all: readonly MessageKnowledge[]): MessageDraft => {
  const row = all.reduce<MessageDraft | null>((draft, knowledge) => mergeMessage(draft, knowledge, IDENTITY), null)
  if (row === null) throw new Error('nothing was folded')
  return row
}

describe('mergeMessage', () => {
  it('answers the very same object when knowledge is repeated', () => {
    const row = fold([webhook])
    expect(mergeMessage(row, webhook, IDENTITY)).toBe(row)
  })

  it('lets an edit win over the original and over an older pull, whatever comes first', () => {
    const older = pulledAt(T + 500, 'helo')
    const edited = edit(T + 1000, 'hello')
    for (const order of [
      [webhook, older, edited],
      [edited, webhook, older],
      [older, edited, webhook],
    ]) {
      expect(fold(order)).toMatchObject({ text: 'hello', edited_ms: T + 1000 })
    }
  })

  it('lets a pull that began after the edit win', () => {
    expect(fold([webhook, edit(T + 1000, 'hello'), pulledAt(T + 2000, 'hello!')]).text).toBe('hello!')
    expect(fold([pulledAt(T + 2000, 'hello!'), edit(T + 1000, 'hello'), webhook]).text).toBe('hello!')
  })

  it('lets the webhook win a tie with a pull of the same millisecond', () => {
    expect(fold([pulledAt(T, 'from the pull'), webhook]).text).toBe('helo')
    expect(fold([webhook, pulledAt(T, 'from the pull')]).text).toBe('helo')
  })

  it('never lets a stub overwrite a detail, and completes a stub by a detail', () => {
    const stub: MessageKnowledge = { kind: 'stub', stamp: pullStamp(T + 9000), origin: 'sync', created_ms: T }
    expect(fold([webhook, stub])).toEqual(fold([webhook]))
    const completed = fold([stub, webhook])
    expect(completed).toMatchObject({ text: 'helo', direction: 'in' })
    expect(completed.stub).toBeUndefined()
  })

  it('keeps a deletion for good', () => {
    const deleted: MessageKnowledge = { kind: 'delete', stamp: webhookStamp(T + 10), at_ms: T + 10 }
    expect(fold([deleted, webhook, pulledAt(T + 99_000, 'helo')]).deleted_ms).toBe(T + 10)
  })

  it('does not let an older reaction bring back one that was taken back', () => {
    const row = fold([webhook, reaction(T + 20, '42', null), reaction(T + 10, '42', 'love')])
    expect(row.reactions?.map((each) => each.reaction)).toEqual([null])
  })

  it('takes back a reaction that a later complete pull no longer lists', () => {
    const row = fold([webhook, reaction(T + 10, '42', 'love'), { ...pulledAt(T + 1000, 'helo'), reactions: [] }])
    expect(row.reactions?.map((each) => each.reaction)).toEqual([null])
  })

  it('does not count a signed link that was signed anew as a change', () => {
    const withLink = (at: number, query: string): MessageDetail => ({
      ...pulledAt(at, null),
      attachments: [{ type: 'image', id: '1', url: `https://cdn.example/a.jpg?${query}` }],
    })
    const row = fold([withLink(T, 'sig=1')])
    expect(mergeMessage(row, withLink(T + 5000, 'sig=2'), IDENTITY)).toBe(row)
  })

  it('ends in the same message in whatever order, and however often, the same knowledge comes', () => {
    const all: MessageKnowledge[] = [
      webhook,
      pulledAt(T + 500, 'helo'),
      pulledAt(T + 3000, 'hello world'),
      edit(T + 1000, 'hello'),
      edit(T + 2000, 'hello world'),
      { kind: 'delete', stamp: webhookStamp(T + 4000), at_ms: T + 4000 },
      { kind: 'stub', stamp: pullStamp(T + 9000), origin: 'sync', created_ms: T },
      reaction(T + 10, '42', 'love'),
      reaction(T + 20, '42', null),
      reaction(T + 30, '7', 'wow'),
    ]
    const seen = (row: MessageDraft) => ({
      text: row.text,
      direction: row.direction,
      from: [row.from_id, row.from_name],
      created: row.created_ms,
      edited: row.edited_ms,
      deleted: row.deleted_ms,
      event: [row.event_id, row.log_offset],
      stub: row.stub ?? false,
      reactions: row.reactions?.toSorted((a, b) => a.from_id.localeCompare(b.from_id)),
    })
    const expected = seen(fold(all))
    const anyOrder = fc.tuple(
      fc.shuffledSubarray(all, { minLength: all.length }),
      fc.array(fc.constantFrom(...all), { maxLength: 10 }),
    )
    fc.assert(
      fc.property(anyOrder, ([once, again]) => {
        expect(seen(fold([...once, ...again]))).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })
})
