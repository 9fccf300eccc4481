import { expect, it } from 'vitest'
import { createPlaces } from './places.ts'

it('gives one tenant only its part, so that others find room', () => {
  const places = createPlaces(3, 2)
  const leave = places.enter('a')
  places.enter('a')
  expect(places.hasRoomFor('a')).toBe(false)
  expect(places.hasRoomFor('b')).toBe(true)
  places.enter('b')
  expect(places.hasRoomFor('b')).toBe(false)
  leave()
  leave()
  expect(places.count()).toBe(2)
  expect(places.hasRoomFor('a')).toBe(true)
})
