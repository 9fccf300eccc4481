import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { AppError } from '../errors/app-error.ts'
import { parseTokenKeys } from './token-keys.ts'

/** Whom a token belongs to: a sealed token opens for nobody else. */
export interface TokenOwner {
  readonly tenantId: string
  readonly kind: 'page' | 'account'
  /** Facebook's id of the page, or of the account's user. */
  readonly facebookId: string
}

/** Seals tokens as they lie in the store: AES-256-GCM, with the owner as associated data (ADR 15). */
export interface TokenSealer {
  /** Names the key that seals. */
  readonly keyId: string
  /** Names of all keys that open. */
  readonly keyIds: readonly string[]
  /** Names of those that are lost. */
  readonly lostKeyIds: readonly string[]
  /** `v1.<key id>.<Base64url of IV, ciphertext and tag>`; never twice the same. */
  seal(token: string, owner: TokenOwner): string
  /** @throws AppError TOKEN_UNREADABLE for another owner, a key that is not in the ring, or anything changed */
  open(sealed: string, owner: TokenOwner): string
}

const FORM = 'v1'
const CIPHER = 'aes-256-gcm'
/** Random, since nothing counts across processes: safe for 2^32 seals of one key (NIST SP 800-38D, 8.3). */
const IV_BYTES = 12
const TAG_BYTES = 16

/**
 * @param tokenKeys as `TOKEN_KEYS` has them: the first seals, all open
 * @throws AppError CONFIGURATION_INVALID
 */
export function createTokenSealer(tokenKeys: string): TokenSealer {
  const ring = parseTokenKeys(tokenKeys)
  const keys = new Map(ring.flatMap(({ id, key }) => (key === null ? [] : [[id, key]])))
  const [first] = keys
  if (!first) throw new AppError('CONFIGURATION_INVALID', 'TOKEN_KEYS holds no key')
  const [keyId, sealingKey] = first

  return {
    keyId,
    keyIds: [...keys.keys()],
    lostKeyIds: ring.flatMap(({ id, key }) => (key === null ? [id] : [])),
    seal(token, owner) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv(CIPHER, sealingKey, iv, { authTagLength: TAG_BYTES })
      cipher.setAAD(associatedData(keyId, owner))
      const text = Buffer.concat([iv, cipher.update(token, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `${FORM}.${keyId}.${text.toString('base64url')}`
    },
    open(sealed, owner) {
      const [form, keyId = '', text = '', ...more] = sealed.split('.')
      const key = keys.get(keyId)
      if (form !== FORM || !key || more.length > 0) throw unreadable()
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.length < IV_BYTES + TAG_BYTES) throw unreadable()
      try {
        const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
        decipher.setAAD(associatedData(keyId, owner))
        decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
        const token = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES))
        return Buffer.concat([token, decipher.final()]).toString('utf8')
      } catch {
        // Nothing of why: OpenSSL says no more than that it did not fit, and `cause` could hold what was decrypted.
        throw unreadable()
      }
    },
  }
}

/** JSON, since no two owners may ever give the same bytes. */
function associatedData(keyId: string, { tenantId, kind, facebookId }: TokenOwner): Buffer {
  return Buffer.from(JSON.stringify(['pagesync token', FORM, keyId, tenantId, kind, facebookId]))
}

const unreadable = (): AppError =>
  new AppError('TOKEN_UNREADABLE', 'A stored token cannot be opened with the keys that are configured')
