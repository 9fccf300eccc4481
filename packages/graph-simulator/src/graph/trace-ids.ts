import { lettersOf } from '../data/hash.ts'

/** `fbtrace_id`s: an A and 22 letters, a new one each time. */
export function createTraceIds(seed: number): () => string {
  let made = 0
  return () => `A${lettersOf((seed ^ 0x7ace) + ++made * 7919, 22)}`
}
