import type { Store } from '../collection.ts'
import { SEND_ECHOES, type SendEchoRow } from './rows.ts'

/** Echoes of our sends, kept until the send is settled and a while longer. Keys are `sendKey(…)`. */
export interface SendEchoes {
  /** The first echo of a send stands; another one of the same send is left out. */
  note(echoes: readonly Omit<SendEchoRow, 'rev'>[]): Promise<void>
  get(key: string): Promise<SendEchoRow | undefined>
  /** Removes up to `limit` that came before `beforeMs`; answers how many. */
  forget(beforeMs: number, limit: number): Promise<number>
}

export function createSendEchoes(store: Store): SendEchoes {
  const collection = store.collection(SEND_ECHOES)
  return {
    async note(echoes) {
      const distinct = new Map(echoes.toReversed().map((echo) => [echo._id, echo]))
      if (distinct.size > 0) await collection.insertMany([...distinct.values()])
    },
    get: async (key) => (await collection.getMany([key]))[0],
    async forget(beforeMs, limit) {
      const old = await collection.find({ index: 'byTime', range: { lt: beforeMs }, limit })
      return old.length > 0 ? collection.deleteMany(old.map(({ _id }) => _id)) : 0
    },
  }
}
