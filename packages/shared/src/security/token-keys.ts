import { AppError } from '../errors/app-error.ts'

/** One key of the ring: 256 bits under a name that may be shown. */
export interface TokenKey {
  readonly id: string
  /** Null: it is lost, and what it sealed with it. */
  readonly key: Buffer | null
}

/** Shorter than a key in Base64, so that a key written in the place of its name is never taken for one and shown. */
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/
const KEY_BYTES = 32
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const KEYS_MAX = 16
/** In the place of a key: else a service would never start again where stored tokens name one that nobody has. */
const LOST = 'lost'

/**
 * Reads a key ring, `2026-11:<Base64 of 32 bytes>,2026-05:<…>,2025-11:lost`: the first key seals, all of them open.
 *
 * @throws AppError CONFIGURATION_INVALID with everything that is wrong, without a letter of any key
 */
export function parseTokenKeys(text: string): readonly TokenKey[] {
  const problems = tokenKeyProblems(text)
  if (problems.length > 0) throw new AppError('CONFIGURATION_INVALID', `TOKEN_KEYS ${problems.join('; ')}`)
  return entriesOf(text).map(({ id, value }) => ({ id, key: value === LOST ? null : Buffer.from(value, 'base64') }))
}

/** What is wrong with a key ring, in words that name keys by their place or their name alone. */
export function tokenKeyProblems(text: string): readonly string[] {
  const entries = entriesOf(text)
  const problems = entries.flatMap(({ id, value }, i) => {
    if (!KEY_ID.test(id))
      return [`has at place ${i + 1} no name of 1 to 32 letters, digits, - or _, then a colon and the key`]
    if (entries.findIndex((other) => other.id === id) < i) return [`names the key ${id} twice`]
    if (value === LOST) return i === 0 ? ['has at place 1 a lost key, where the one that seals must be'] : []
    return problemOfKey(id, value)
  })
  return entries.length > KEYS_MAX ? [...problems, `holds more than ${KEYS_MAX} keys`] : problems
}

function problemOfKey(id: string, value: string): string[] {
  if (!BASE64.test(value)) return [`has for ${id} a key that is not Base64`]
  const bytes = Buffer.from(value, 'base64').length
  return bytes === KEY_BYTES ? [] : [`has for ${id} a key of ${bytes} bytes where it must be ${KEY_BYTES}`]
}

function entriesOf(text: string): { readonly id: string; readonly value: string }[] {
  return text.split(',').map((entry) => {
    const colon = entry.indexOf(':')
    return { id: entry.slice(0, Math.max(colon, 0)).trim(), value: entry.slice(colon + 1).trim() }
  })
}
