import { expect, it } from 'vitest'
import { createWaitingRoom } from './waiting-room.ts'

it('tells everybody who waits for a key, and nobody else', () => {
  const room = createWaitingRoom<number>()
  const told: string[] = []
  room.enter('a', (value) => void told.push(`first ${value}`))
  room.enter('a', (value) => void told.push(`second ${value}`))
  room.enter('b', (value) => void told.push(`other ${value}`))
  room.settle('a', 7)
  room.settle('nobody', 8)
  expect(told).toEqual(['first 7', 'second 7'])
})

it('knows how many wait and for what, until they leave; leaving twice is leaving once', () => {
  const room = createWaitingRoom<number>()
  const settle = (): void => undefined
  const other = (): void => undefined
  room.enter('a', settle)
  room.enter('a', other)
  room.leave('a', settle)
  room.leave('a', settle)
  expect([room.count(), room.has('a'), [...room.keys()]]).toEqual([1, true, ['a']])
  room.leave('a', other)
  expect([room.count(), room.has('a'), [...room.keys()]]).toEqual([0, false, []])
})
