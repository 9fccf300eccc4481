import { expect, test } from 'vitest'
import { createMessageIds } from './message-ids.ts'

test('a message id looks like one of Facebook’s and gives its place back, with m_ and without', () => {
  const ids = createMessageIds(5)
  for (const [conversation, serial] of [
    [0, 0],
    [1, 99],
    [99_999, 12],
    [4_000_000, 1_000_000],
  ] as const) {
    const id = ids.encode(conversation, serial)
    expect(id).toMatch(/^m_[A-Za-z0-9_-]{80}$/)
    expect(ids.decode(id)).toEqual({ conversation, serial })
    expect(ids.decode(id.slice(2))).toEqual({ conversation, serial })
  }
})

test('an id of another page, a changed one and nonsense name no message', () => {
  const ids = createMessageIds(5)
  const id = ids.encode(3, 4)
  expect(createMessageIds(6).decode(id)).toBeUndefined()
  const changed = id.slice(0, -1) + (id.endsWith('A') ? 'B' : 'A')
  expect(ids.decode(changed)).toBeUndefined()
  expect(ids.decode('m_x')).toBeUndefined()
})
