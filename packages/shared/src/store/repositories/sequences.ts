import type { Store } from '../collection.ts'
import { SEQUENCES } from './rows.ts'

export type IdKind =
  | 'page'
  | 'conversation'
  | 'message'
  | 'contact'
  | 'comment'
  | 'automation'
  | 'instant_reply'
  | 'keyword'
  | 'faq'
  | 'automatic_reply'
  | 'account'

export interface Sequences {
  /** `count` new ids of a kind, given once and never reused: one atomic step however many. */
  take(kind: IdKind, count: number): Promise<number[]>
}

export function createSequences(store: Store): Sequences {
  const collection = store.collection(SEQUENCES)
  return {
    async take(kind, count) {
      if (count === 0) return []
      const row = await collection.increment(kind, { value: count })
      return Array.from({ length: count }, (_, i) => row.value - count + 1 + i)
    },
  }
}
