import type { Store } from '../collection.ts'
import { DEAD_LETTERS, type DeadLetterRow } from './dead-letters.ts'

/** Dead letters as those who look after them see them. */
export interface DeadLetterBox {
  get(id: string): Promise<DeadLetterRow | undefined>
  /** Newest first; null: of everybody, those of no tenant too. */
  list(
    tenantId: string | null,
    limit: number,
    after?: Pick<DeadLetterRow, '_id' | 'created_ms'>,
  ): Promise<DeadLetterRow[]>
  /** Compare-and-set; undefined when somebody else changed it in between. */
  save(row: DeadLetterRow): Promise<DeadLetterRow | undefined>
  delete(id: string): Promise<void>
}

export function createDeadLetterBox(store: Store): DeadLetterBox {
  const collection = store.collection(DEAD_LETTERS)
  return {
    async get(id) {
      const [row] = await collection.getMany([id])
      return row
    },
    list: (tenantId, limit, after) =>
      collection.find({
        ...(tenantId === null ? { index: 'byCreated' } : { index: 'byTenant', equals: { tenant_id: tenantId } }),
        order: 'desc',
        limit,
        ...(after ? { after: { created_ms: after.created_ms, _id: after._id } } : {}),
      }),
    async save(row) {
      const { lost } = await collection.replaceMany([row])
      return lost.length === 0 ? { ...row, rev: row.rev + 1 } : undefined
    },
    async delete(id) {
      await collection.deleteMany([id])
    },
  }
}
