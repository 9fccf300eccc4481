import { createHmac, timingSafeEqual } from 'node:crypto'

const PREFIX = 'sha256='
const HEADER_LENGTH = PREFIX.length + 64

/**
 * Is `header` (`X-Hub-Signature-256`) the HMAC-SHA256 of the raw body under one of the app's secrets? The bytes are
 * hashed as they came: Facebook escapes (`\/`, `\u00e9`) and signs the escaped form. All secrets are tried, each
 * compared in constant time, so that a secret can be rotated without losing a webhook.
 *
 * @param secrets the current app secret first, then at most one older one
 */
export function verifySignature(rawBody: Buffer, header: string | undefined, secrets: readonly string[]): boolean {
  if (header === undefined || header.length !== HEADER_LENGTH || !header.startsWith(PREFIX)) return false
  const given = Buffer.from(header.slice(PREFIX.length), 'latin1')
  let matches = false
  for (const secret of secrets) {
    const expected = Buffer.from(createHmac('sha256', secret).update(rawBody).digest('hex'), 'latin1')
    if (timingSafeEqual(given, expected)) matches = true
  }
  return matches
}

/** Constant-time comparison of two texts of any length. */
export function sameText(a: string, b: string): boolean {
  const mark = (text: string) => createHmac('sha256', 'sameText').update(text).digest()
  return timingSafeEqual(mark(a), mark(b))
}
