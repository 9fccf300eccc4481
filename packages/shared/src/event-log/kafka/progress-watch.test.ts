import { expect, it } from 'vitest'
import { isStalled, type PartitionProgress } from './progress-watch.ts'

const progress = (given: Partial<PartitionProgress>): PartitionProgress => ({
  position: 10,
  end: 20,
  movedAtMs: 0,
  isPaused: false,
  ...given,
})

it.each([
  ['there are records and nothing has moved for longer than that', {}, 1001, true],
  ['it moved a moment ago', { movedAtMs: 500 }, 1001, false],
  ['it stands at the end', { position: 20 }, 1001, false],
  ['we asked it to wait', { isPaused: true }, 1001, false],
  ['nobody knows where it stands', { position: undefined }, 1001, false],
])('isStalled, when %s', (_when, given, nowMs, expected) => {
  expect(isStalled([progress({ position: 20 }), progress(given)], nowMs, 1000)).toBe(expected)
})
