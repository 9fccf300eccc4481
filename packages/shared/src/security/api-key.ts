import { hash, randomBytes } from 'node:crypto'

/** A new API key: shown to its owner once, stored only as `hashApiKey`. 256 random bits. */
export function newApiKey(): string {
  return `ps_live_${randomBytes(32).toString('base64url')}`
}

const API_KEY = /^ps_live_[A-Za-z0-9_-]{43}$/

export function looksLikeApiKey(token: string): boolean {
  return API_KEY.test(token)
}

/** SHA-256 is enough for a key of 256 random bits (nothing to guess), and cheap on every request. */
export function hashApiKey(key: string): string {
  return hash('sha256', key, 'hex')
}
