import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../event-log.ts'
import { cutRounds } from './cut-rounds.ts'

const limits = { partitionBytesMax: 1000, partitionRecordsMax: 5, requestBytesMax: 2500 }
const record = (key: string, value = ''): LogRecord => ({ key, value, headers: {} })
const partitionOf = (key: string): number => key.charCodeAt(0) % 3

describe('cutRounds', () => {
  it('sends everything at once when it fits', () => {
    const rounds = cutRounds([record('a'), record('b'), record('c')], [10, 10, 10], partitionOf, limits)
    expect(rounds.map((round) => round.map((message) => message.key))).toEqual([['a', 'b', 'c']])
  })

  it('begins another request for a partition that is full, and only for it', () => {
    const records = ['a', 'a', 'b', 'a'].map((key) => record(key))
    const rounds = cutRounds(records, [500, 500, 10, 10], partitionOf, limits)
    expect(rounds.map((round) => round.map((message) => message.key))).toEqual([
      ['a', 'b'],
      ['a', 'a'],
    ])
  })

  it('sends a record that is as large as a batch by itself', () => {
    const rounds = cutRounds([record('a'), record('a'), record('a')], [1000, 1000, 10], partitionOf, limits)
    expect(rounds.map((round) => round.length)).toEqual([1, 1, 1])
  })

  it('loses nothing, keeps the order of each partition and stays within every limit, whatever comes', () => {
    const input = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), size: fc.nat(900) }))
    fc.assert(
      fc.property(input, (given) => {
        const records = given.map(({ key }, i) => record(key, String(i)))
        const sizes = given.map(({ size }) => size)
        const rounds = cutRounds(records, sizes, partitionOf, limits)
        for (const partition of [0, 1, 2]) {
          const sent = rounds.flatMap((round) => round.filter((message) => message.partition === partition))
          expect(sent.map((message) => message.value)).toEqual(
            records.filter(({ key }) => partitionOf(key) === partition).map(({ value }) => value),
          )
        }
        for (const round of rounds) {
          expect(round.length).toBeGreaterThan(0)
          const bytes = (messages: typeof round): number =>
            messages.reduce((sum, m) => sum + sizes[Number(m.value)]!, 0)
          expect(bytes(round)).toBeLessThanOrEqual(limits.requestBytesMax)
          for (const partition of [0, 1, 2]) {
            const own = round.filter((message) => message.partition === partition)
            expect(own.length).toBeLessThanOrEqual(limits.partitionRecordsMax)
            expect(bytes(own)).toBeLessThanOrEqual(limits.partitionBytesMax)
          }
        }
      }),
    )
  })
})
