import { describe, expect, it } from 'vitest'
import { murmur2, partitionOfKey } from './partition-of-key.ts'

describe('murmur2', () => {
  // From Kafka's own UtilsTest.testMurmur2.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('hashes %s as the Java client does', (text, hash) => {
    expect(murmur2(Buffer.from(text))).toBe(hash)
  })
})

describe('partitionOfKey', () => {
  it('spreads keys over all partitions and never outside them', () => {
    const seen = new Set<number>()
    for (let i = 0; i < 1000; i++) seen.add(partitionOfKey(`10001:${i}`, 12))
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
  })

  it('hashes the UTF-8 bytes of a key', () => {
    expect(partitionOfKey('ключ', 1000)).toBe((murmur2(Buffer.from('ключ', 'utf8')) & 0x7fffffff) % 1000)
  })
})
