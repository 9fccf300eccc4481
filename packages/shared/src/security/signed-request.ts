import { createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '../errors/app-error.ts'

/** What Facebook says of a person who removed the app, or asks that their data be deleted. */
export interface SignedRequest {
  /** App-scoped. */
  readonly userId: string
  readonly issuedMs: number
}

/** Far above what Facebook sends, some hundred characters. */
const LENGTH_MAX = 8_192
const SIGNED = /^([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]+)$/
/** Later than any repeat of Facebook's; an older one is somebody else's. */
const AGE_MS_MAX = 86_400_000
const CLOCKS_DIFFER_MS = 300_000

/**
 * Reads Facebook's `signed_request`: a signature, a dot and the payload, both in base64url; HMAC-SHA256 over the payload as
 * it was written. Nothing of the payload is believed, or parsed, before the signature holds.
 *
 * @param secrets the current app secret first, then at most one older one
 * @throws AppError SIGNATURE_MISMATCH, the same for each reason; the detail is in its message
 */
export function readSignedRequest(text: string, secrets: readonly string[], nowMs: number): SignedRequest {
  const parts = text.length <= LENGTH_MAX ? SIGNED.exec(text) : null
  if (!parts) throw mismatch('is no signed request')
  const [, signature = '', payload = ''] = parts
  const given = Buffer.from(signature, 'base64url')
  let holds = false
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(payload).digest()
    if (given.length === expected.length && timingSafeEqual(given, expected)) holds = true
  }
  if (!holds) throw mismatch('is signed with another secret')
  return fresh(contentOf(payload), nowMs)
}

function contentOf(payload: string): SignedRequest {
  const value = parse(payload)
  const { algorithm, user_id, issued_at } = (typeof value === 'object' && value !== null ? value : {}) as Record<
    string,
    unknown
  >
  if (typeof algorithm !== 'string' || algorithm.toUpperCase() !== 'HMAC-SHA256')
    throw mismatch('names another algorithm than HMAC-SHA256')
  const userId = typeof user_id === 'number' && Number.isSafeInteger(user_id) ? String(user_id) : user_id
  if (typeof userId !== 'string' || !/^[0-9]{1,32}$/.test(userId)) throw mismatch('names no user')
  if (typeof issued_at !== 'number' || !Number.isSafeInteger(issued_at)) throw mismatch('does not say when')
  return { userId, issuedMs: issued_at * 1_000 }
}

function fresh(request: SignedRequest, nowMs: number): SignedRequest {
  const age = nowMs - request.issuedMs
  if (age > AGE_MS_MAX || age < -CLOCKS_DIFFER_MS) throw mismatch('is not of these days')
  return request
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'))
  } catch {
    return null
  }
}

const mismatch = (why: string): AppError => new AppError('SIGNATURE_MISMATCH', `The signed request ${why}`)
