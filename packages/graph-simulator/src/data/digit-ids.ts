import { hash } from './hash.ts'

/**
 * PSIDs and thread ids: long digit strings that look random, are unrelated to each other, and can be turned back into
 * the number they stand for, so no table of 100,000 ids is kept. Facebook's exceed 2^53, so they stay strings.
 */
export interface DigitIds {
  encode(index: number): string
  /** The number that the id stands for; undefined when it was not made by this codec. */
  decode(id: string): number | undefined
}

const HALF = 100_000
const ROUNDS = 4

/** Ids of `prefix` (7 digits, not starting with 0) and ten scrambled digits. */
export function createDigitIds(prefix: string, key: number): DigitIds {
  // A Feistel network over two halves of five decimal digits is a permutation of 0..10^10-1, so it can be undone.
  const round = (half: number, number: number) => hash(key, half, number) % HALF
  // The messages of a conversation name the same two people again and again.
  let lastIndex = -1
  let lastId = ''
  return {
    encode(index) {
      if (index === lastIndex) return lastId
      let left = Math.floor(index / HALF)
      let right = index % HALF
      for (let i = 0; i < ROUNDS; i++) [left, right] = [right, (left + round(right, i)) % HALF]
      lastIndex = index
      lastId = prefix + String(left).padStart(5, '0') + String(right).padStart(5, '0')
      return lastId
    },
    decode(id) {
      if (id.length !== prefix.length + 10 || !id.startsWith(prefix)) return undefined
      const digits = id.slice(prefix.length)
      if (!/^\d{10}$/.test(digits)) return undefined
      let left = Number(digits.slice(0, 5))
      let right = Number(digits.slice(5))
      for (let i = ROUNDS - 1; i >= 0; i--) [left, right] = [(right - round(left, i) + HALF) % HALF, left]
      return left * HALF + right
    },
  }
}
