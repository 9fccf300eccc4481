import { createRequire } from 'node:module'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'

// The vectors of RFC 3720, appendix B.4, and the usual one of nine digits.
test.each([
  ['32 bytes of zeros', Buffer.alloc(32), 0x8a9136aa],
  ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
  ['32 rising bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
  ['32 falling bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
  ['the digits 1 to 9', Buffer.from('123456789'), 0xe3069283],
  ['nothing', Buffer.alloc(0), 0],
])('agrees with the standard about %s', (_what, bytes, sum) => {
  expect(crc32c(bytes)).toBe(sum)
})

test('agrees with kafkajs about any bytes, wherever they lie in their buffer', () => {
  const theirs = createRequire(import.meta.url)('kafkajs/src/protocol/recordBatch/crc32C/crc32C.js') as (
    bytes: Uint8Array,
  ) => number
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(20), (bytes, start) => {
      const lying = Buffer.concat([Buffer.alloc(3), bytes]).subarray(3)
      expect(crc32c(lying, Math.min(start, lying.length))).toBe(theirs(lying.subarray(start)))
    }),
  )
})
