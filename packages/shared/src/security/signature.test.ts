import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSignatureCheck, sameText, verifySignature } from './signature.ts'

// Made with `openssl dgst -sha256 -hmac …` and Python's hmac, not with our own function; the first two stand in
// nyaruka/courier's facebook_test.go as well.
const VECTORS = [
  {
    body: 'hello world',
    secret: 'sesame',
    hex: 'f39034b29165ec6a5104d9aef27266484ab26c8caa7bca8bcb2dd02e8be61b17',
  },
  {
    body: 'hello world2',
    secret: 'sesame',
    hex: '60905fdf409d0b4f721e99f6f25b31567a68a6b45e933d814e17a246be4c5a53',
  },
  {
    body: '{"a":"é/%<@"}',
    secret: 'schüssel',
    hex: '55d89f577517cc31c9341e38a7149f68ec929abbc51506c6167d0bfd9ac450bb',
  },
  // A key longer than the hash's block is hashed first (RFC 2104); an empty body has a signature too.
  { body: '', secret: 'k'.repeat(100), hex: 'd46761768ee3c864fc76c08b3d73c8092853ae3fefa01b990963dfa2d56e7334' },
]

describe('verifySignature', () => {
  test.each(VECTORS)('agrees with other tools about "$body"', ({ body, secret, hex }) => {
    expect(verifySignature(Buffer.from(body), `sha256=${hex}`, [secret])).toBe(true)
    expect(verifySignature(Buffer.from(`${body} `), `sha256=${hex}`, [secret])).toBe(false)
    expect(verifySignature(Buffer.from(body), `sha256=${hex}`, [`${secret}x`])).toBe(false)
  })

  test('takes either of two secrets while one is being changed', () => {
    const [{ body, secret, hex }] = VECTORS as [(typeof VECTORS)[0]]
    expect(verifySignature(Buffer.from(body), `sha256=${hex}`, ['new-secret', secret])).toBe(true)
    expect(verifySignature(Buffer.from(body), `sha256=${hex}`, [secret, 'old-secret'])).toBe(true)
    expect(verifySignature(Buffer.from(body), `sha256=${hex}`, [])).toBe(false)
  })

  test.each([
    ['missing', undefined],
    ['empty', ''],
    ['without its prefix', VECTORS[0]!.hex],
    ['of the older kind', 'sha1=a4b0d0a1d6e1d0d9a1a4b0d0a1d6e1d0d9a1b2c3'],
    ['too short', `sha256=${VECTORS[0]!.hex.slice(1)}`],
    ['too long', `sha256=${VECTORS[0]!.hex}0`],
    ['in capitals', `sha256=${VECTORS[0]!.hex.toUpperCase()}`],
    ['with another prefix of the same length', `sha512=${VECTORS[0]!.hex}`],
    ['of the right length outside ASCII', `sha256=${'é'.repeat(64)}`],
    ['of the right length outside Latin-1', `sha256=${'\u{1F600}'.repeat(32)}`],
  ])('refuses a header that is %s, without throwing', (_what, header) => {
    expect(verifySignature(Buffer.from('hello world'), header, ['sesame'])).toBe(false)
  })
})

describe('createSignatureCheck', () => {
  test('agrees with OpenSSL about any bodies one after the other, under any secret', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 10_000 }), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 150 }), bodies, (secret, texts) => {
        const isSigned = createSignatureCheck([secret])
        for (const text of texts) {
          const hex = createHmac('sha256', secret).update(text).digest('hex')
          expect(isSigned(Buffer.from(text), `sha256=${hex}`)).toBe(true)
          expect(isSigned(Buffer.from(text), `sha256=${hex.slice(1)}0`)).toBe(`${hex.slice(1)}0` === hex)
        }
      }),
    )
  })

  test('a body with one bit turned, and a signature with one digit changed, are refused: thousands of them', () => {
    const secret = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
    const body = Buffer.from('hello world, signed by somebody else')
    const hex = createHmac('sha256', secret).update(body).digest('hex')
    const isSigned = createSignatureCheck([secret])
    expect(isSigned(body, `sha256=${hex}`)).toBe(true)
    fc.assert(
      fc.property(fc.nat(body.length * 8 - 1), (bit) => {
        const turned = Buffer.from(body)
        turned[bit >> 3]! ^= 1 << (bit & 7)
        expect(isSigned(turned, `sha256=${hex}`)).toBe(false)
      }),
      { numRuns: 2000 },
    )
    fc.assert(
      fc.property(fc.nat(63), fc.constantFrom(...'0123456789abcdef'), (at, digit) => {
        const changed = hex.slice(0, at) + digit + hex.slice(at + 1)
        expect(isSigned(body, `sha256=${changed}`)).toBe(changed === hex)
      }),
      { numRuns: 2000 },
    )
  })
})

test('sameText compares texts of any length', () => {
  expect(sameText('verify me', 'verify me')).toBe(true)
  expect(sameText('verify me', 'verify m')).toBe(false)
  expect(sameText('', 'verify me')).toBe(false)
})
