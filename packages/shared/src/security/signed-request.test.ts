import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readSignedRequest } from './signed-request.ts'

const SECRET = 'sesame-of-the-app-1'
const ISSUED_MS = 1_767_868_200_000
/** Made by Python (hmac, base64) and, the first one, by openssl as well. */
const GOLDEN =
  '-747VAVXUL69_QXHhXJ687E6-OQddxg_zWxD65RREpI.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsImlzc3VlZF9hdCI6MTc2Nzg2ODIwMCwidXNlcl9pZCI6IjIxODQ3MSJ9'
const GOLDEN_UTF8 =
  'SgPQGMn_SOxOI7gwTowd2nfrlI5YugmMVqFqI_wNn4Y.eyJ1c2VyX2lkIjoiMjE4NDcxIiwiYWxnb3JpdGhtIjoiSE1BQy1TSEEyNTYiLCJpc3N1ZWRfYXQiOjE3Njc4NjgyMDAsIm5vdGUiOiLDqeGegD8-fiJ9'

const read = (text: string, secrets = [SECRET], nowMs = ISSUED_MS + 1_000) => readSignedRequest(text, secrets, nowMs)
const signed = (content: unknown, secret = SECRET): string => {
  const payload = Buffer.from(JSON.stringify(content)).toString('base64url')
  return `${createHmac('sha256', secret).update(payload).digest('base64url')}.${payload}`
}
const good = { algorithm: 'HMAC-SHA256', issued_at: ISSUED_MS / 1_000, user_id: '218471' }
const refused = expect.objectContaining({ code: 'SIGNATURE_MISMATCH' })

describe('a signed request', () => {
  it('is read as other tools sign it', () => {
    expect(read(GOLDEN)).toEqual({ userId: '218471', issuedMs: ISSUED_MS })
    expect(read(GOLDEN_UTF8)).toEqual({ userId: '218471', issuedMs: ISSUED_MS })
  })

  it('is believed under the secret before, and under no other', () => {
    expect(read(GOLDEN, ['another secret of the app', SECRET]).userId).toBe('218471')
    expect(() => read(GOLDEN, ['another secret of the app'])).toThrow(refused)
  })

  it('is refused when it is old, or of the future', () => {
    expect(() => read(GOLDEN, [SECRET], ISSUED_MS + 86_400_001)).toThrow(refused)
    expect(() => read(GOLDEN, [SECRET], ISSUED_MS - 300_001)).toThrow(refused)
    expect(read(GOLDEN, [SECRET], ISSUED_MS + 86_400_000).userId).toBe('218471')
  })

  it.each([
    ['another algorithm', { ...good, algorithm: 'none' }],
    ['no algorithm', { ...good, algorithm: undefined }],
    ['no user', { ...good, user_id: undefined }],
    ['a user that is no id', { ...good, user_id: { $ne: 1 } }],
    ['no time', { ...good, issued_at: undefined }],
    ['a payload that is no object', 'text'],
    ['null', null],
  ])('is refused with %s, however well it is signed', (_what, content) => {
    expect(() => read(signed(content))).toThrow(refused)
  })

  it('is refused for what is no signed request', () => {
    for (const text of [
      '',
      '.',
      GOLDEN.slice(1),
      `${GOLDEN}=`,
      `${GOLDEN}.${GOLDEN}`,
      `${'a'.repeat(43)}.${'a'.repeat(9_000)}`,
    ])
      expect(() => read(text)).toThrow(refused)
  })

  it('is refused with any one character changed', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    fc.assert(
      fc.property(fc.nat(GOLDEN.length - 1), fc.constantFrom(...alphabet), (at, character) => {
        // The last character of a signature has 2 bits that nobody reads; the payload is signed as it is written.
        fc.pre(GOLDEN[at] !== character && GOLDEN[at] !== '.' && at !== 42)
        expect(() => read(GOLDEN.slice(0, at) + character + GOLDEN.slice(at + 1))).toThrow(refused)
      }),
      { numRuns: 2_000 },
    )
  })
})
