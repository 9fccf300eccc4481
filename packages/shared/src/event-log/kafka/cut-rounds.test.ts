import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LogRecord } from '../event-log.ts'
import { cutRounds, RECORD_OVERHEAD_BYTES } from './cut-rounds.ts'

/** Room for so many bytes of records besides what each takes anyway. */
const room = (bytes: number, records: number) => bytes + records * RECORD_OVERHEAD_BYTES
const limits = { partitionBytesMax: room(1000, 3), requestBytesMax: room(2500, 10) }
const record = (key: string, value = ''): LogRecord => ({ key, value, headers: {} })
const partitionOf = (key: string): number => key.charCodeAt(0) % 3

type Rounds = ReturnType<typeof cutRounds>
const keys = (rounds: Rounds) =>
  rounds.map((round) => round.map(({ records }) => records.map(({ key }) => key).join('')))

describe('cutRounds', () => {
  it('sends everything at once when it fits, each partition in one piece', () => {
    const records = ['a', 'b', 'c', 'a'].map((key) => record(key))
    const rounds = cutRounds(records, [10, 10, 10, 10], partitionOf, limits)
    expect(keys(rounds)).toEqual([['aa', 'b', 'c']])
    expect(rounds[0]!.map(({ partition, value }) => ({ partition, value }))).toEqual(
      ['a', 'b', 'c'].map((key) => ({ partition: partitionOf(key), value: null })),
    )
  })

  it('begins another request for a partition that is full, and only for it', () => {
    const records = ['a', 'a', 'b', 'a'].map((key) => record(key))
    const rounds = cutRounds(records, [900, 900, 10, 10], partitionOf, limits)
    expect(keys(rounds)).toEqual([['a', 'b'], ['aa']])
  })

  it('sends a record that is larger than a batch by itself', () => {
    const rounds = cutRounds([record('a'), record('a'), record('a')], [2000, 2000, 10], partitionOf, limits)
    expect(keys(rounds)).toEqual([['a'], ['a'], ['a']])
  })

  it('loses nothing, keeps the order of each partition and stays within every limit, whatever comes', () => {
    const input = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), size: fc.nat(900) }))
    fc.assert(
      fc.property(input, (given) => {
        const records = given.map(({ key }, i) => record(key, String(i)))
        const sizes = given.map(({ size }) => size)
        const rounds = cutRounds(records, sizes, partitionOf, limits)
        for (const partition of [0, 1, 2]) {
          const sent = rounds.flat().filter((batch) => batch.partition === partition)
          expect(sent.flatMap((batch) => batch.records.map(({ value }) => value))).toEqual(
            records.filter(({ key }) => partitionOf(key) === partition).map(({ value }) => value),
          )
        }
        for (const round of rounds) {
          expect(new Set(round.map(({ partition }) => partition)).size).toBe(round.length)
          let bytesOfRound = 0
          for (const { records: batch, bytes } of round) {
            expect(batch.length).toBeGreaterThan(0)
            expect(bytes).toBe(
              room(
                batch.reduce((sum, { value }) => sum + sizes[Number(value)]!, 0),
                batch.length,
              ),
            )
            expect(bytes).toBeLessThanOrEqual(limits.partitionBytesMax)
            bytesOfRound += bytes
          }
          expect(bytesOfRound).toBeLessThanOrEqual(limits.requestBytesMax)
        }
      }),
    )
  })
})
