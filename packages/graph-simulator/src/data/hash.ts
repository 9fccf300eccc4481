/**
 * Everything generated is a pure function of the seed and a few numbers, so 100,000 conversations need no memory.
 * A 32-bit mixer (the finaliser of MurmurHash3 over each word) is random enough for test data and costs nanoseconds.
 */
function mix(state: number, word: number): number {
  let h = Math.imul(state ^ word, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) + 0x9e3779b9
}

/** An unsigned 32-bit number from the seed and up to three words. */
export function hash(seed: number, a: number, b = 0, c = 0): number {
  let h = mix(mix(mix(seed | 0, a | 0), b | 0), c | 0)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return (h ^ (h >>> 12)) >>> 0
}

/** The same as a share from 0 (included) to 1 (excluded). */
export const share = (seed: number, a: number, b = 0, c = 0): number => hash(seed, a, b, c) / 0x1_0000_0000

/** A whole number from `low` to `high`, both included. */
export const between = (low: number, high: number, random: number): number => low + (random % (high - low + 1))

/** A seed from a text, for pages and tokens that are named and not numbered. */
export function seedOf(text: string, seed = 0): number {
  let h = seed | 0
  for (let i = 0; i < text.length; i++) h = mix(h, text.charCodeAt(i))
  return h >>> 0
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `length` letters and digits, the same for the same seed. */
export function lettersOf(seed: number, length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += LETTERS[hash(seed, i, 77) % LETTERS.length]
  return text
}
