import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../errors/app-error.ts'
import { createTokenSealer, type TokenOwner } from './seal-tokens.ts'

// Made with the AESGCM of Python's `cryptography` 48, not with our own functions: key, IV and associated data
// (`["pagesync token","v1",<key id>,<tenant>,<kind>,<facebook id>]`) were given, the sealed form was put together there.
const VECTORS: readonly { keys: string; owner: TokenOwner; token: string; sealed: string }[] = [
  {
    keys: '2026-11:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
    owner: { tenantId: 't_Zk9', kind: 'page', facebookId: '104857600000001' },
    token: 'EAAGexampletokenofapage0123456789',
    sealed: 'v1.2026-11.ZGVmZ2hpamtsbW5vDVqfIRyRN_NODjqctQ4Pky2kZ3rqC5ZCluOffM6VknCtfDNLUJCrEss9I-H9xEBkwg',
  },
  {
    keys: 'old_key://////////////////////////////////////////8=',
    owner: { tenantId: 't_é', kind: 'account', facebookId: '9001' },
    token: 'ក-ü-🙏',
    sealed: 'v1.old_key.AAAAAAAAAAAAAAAAJlft0g4g7e-Nn8p-IPv71B7r7pGcC6HoYeUi',
  },
  {
    keys: 'k:BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=',
    owner: { tenantId: 't', kind: 'page', facebookId: '1' },
    token: '',
    sealed: 'v1.k.AQEBAQEBAQEBAQEBkjrMm5CalQhLd4Vn5WUfgA',
  },
]

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64')
const Owner: fc.Arbitrary<TokenOwner> = fc.record({
  tenantId: fc.string({ unit: 'binary', maxLength: 20 }),
  kind: fc.constantFrom('page' as const, 'account' as const),
  facebookId: fc.string({ maxLength: 20 }),
})
const Token = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 300 })

/** What the sealer threw, shown to hold neither the token nor anything of the sealed form. */
function refusal(open: () => string, token: string, sealed: string): string {
  try {
    open()
  } catch (error) {
    const { code, message, cause } = error as AppError
    expect(error).toBeInstanceOf(AppError)
    expect(cause).toBeUndefined()
    expect(message).toBe('A stored token cannot be opened with the keys that are configured')
    if (token.length > 80) expect(String((error as Error).stack)).not.toContain(token)
    expect(String((error as Error).stack)).not.toContain(sealed.split('.')[2])
    return code
  }
  throw new Error('it was opened')
}

describe('a sealed token', () => {
  test.each(VECTORS)('opens as another tool sealed it: $sealed', ({ keys, owner, token, sealed }) => {
    expect(createTokenSealer(keys).open(sealed, owner)).toBe(token)
  })

  test('opens again for its owner, and is never the same twice', () => {
    const sealer = createTokenSealer(`a:${keyOf(1)}`)
    fc.assert(
      fc.property(Token, Owner, (token, owner) => {
        const sealed = sealer.seal(token, owner)
        expect(sealed).toMatch(/^v1\.a\.[A-Za-z0-9_-]+$/)
        expect(sealer.open(sealed, owner)).toBe(token)
        expect(sealer.seal(token, owner)).not.toBe(sealed)
      }),
    )
  })

  test('opens for no other tenant, page or kind of owner', () => {
    const sealer = createTokenSealer(`a:${keyOf(1)}`)
    fc.assert(
      fc.property(Token, Owner, Owner, (token, owner, other) => {
        fc.pre(JSON.stringify(owner) !== JSON.stringify(other))
        const sealed = sealer.seal(token, owner)
        expect(refusal(() => sealer.open(sealed, other), token, sealed)).toBe('TOKEN_UNREADABLE')
      }),
    )
  })

  test('opens under no other key, whether the ring has its name or not', () => {
    const owner: TokenOwner = { tenantId: 't', kind: 'page', facebookId: '1' }
    fc.assert(
      fc.property(Token, fc.constantFrom('a', 'b'), (token, name) => {
        const sealed = createTokenSealer(`a:${keyOf(1)}`).seal(token, owner)
        const other = createTokenSealer(`${name}:${keyOf(2)}`)
        expect(refusal(() => other.open(sealed, owner), token, sealed)).toBe('TOKEN_UNREADABLE')
      }),
    )
  })

  test('does not open with any one bit turned, cut, lengthened or under another name', () => {
    const sealer = createTokenSealer(`a:${keyOf(1)},b:${keyOf(1)}`)
    const owner: TokenOwner = { tenantId: 't', kind: 'page', facebookId: '1' }
    const token = 'EAAGexampletokenofapage0123456789'
    const sealed = sealer.seal(token, owner)
    const [form, name, text = ''] = sealed.split('.')
    const bytes = Buffer.from(text, 'base64url')
    const opens = (changed: Buffer): string =>
      refusal(() => sealer.open(`${form}.${name}.${changed.toString('base64url')}`, owner), token, sealed)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const turned = Buffer.from(bytes)
      turned[bit >> 3]! ^= 1 << (bit & 7)
      expect(opens(turned)).toBe('TOKEN_UNREADABLE')
    }
    for (let length = 0; length < bytes.length; length++)
      expect(opens(bytes.subarray(0, length))).toBe('TOKEN_UNREADABLE')
    expect(opens(Buffer.concat([bytes, Buffer.alloc(1)]))).toBe('TOKEN_UNREADABLE')
    for (const changed of [`v1.b.${text}`, `v2.a.${text}`, `a.${text}`, `${sealed}.`, '', token])
      expect(refusal(() => sealer.open(changed, owner), token, sealed)).toBe('TOKEN_UNREADABLE')
  })

  test('is sealed by the first key of the ring, and opens with any of them', () => {
    const owner: TokenOwner = { tenantId: 't', kind: 'page', facebookId: '1' }
    const before = createTokenSealer(`2026-05:${keyOf(5)}`)
    const after = createTokenSealer(`2026-11:${keyOf(11)},2026-05:${keyOf(5)}`)
    const sealed = before.seal('token', owner)
    expect(after.open(sealed, owner)).toBe('token')
    expect(after.seal('token', owner)).toMatch(/^v1\.2026-11\./)
    expect(after.keyId).toBe('2026-11')
    expect(after.keyIds).toEqual(['2026-11', '2026-05'])
  })
})
