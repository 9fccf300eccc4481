import { createHmac } from 'node:crypto'
import type { SignedRequest } from '../../security/signed-request.ts'
import type { Store } from '../collection.ts'
import { type AskedBy, DELETION_REQUESTS, type DeletionRequestRow } from './privacy-rows.ts'

export type DeletionKind = DeletionRequestRow['kind']

/** What Facebook asked for in somebody's name. */
export interface DeletionRequests {
  /** Writes it down; the same once more is the one that is there. */
  add(kind: DeletionKind, request: SignedRequest, askedBy: AskedBy, nowMs: number): Promise<DeletionRequestRow>
  get(code: string): Promise<DeletionRequestRow | undefined>
  due(nowMs: number, limit: number): Promise<DeletionRequestRow[]>
  /** Compare-and-set; undefined when somebody else wrote in between. */
  save(row: DeletionRequestRow): Promise<DeletionRequestRow | undefined>
}

/** @param key `ERASURE_KEY`: who has not got it can guess no code */
export function createDeletionRequests(store: Store, key: string): DeletionRequests {
  const collection = store.collection(DELETION_REQUESTS)
  const codeOf = (kind: DeletionKind, { userId, issuedMs }: SignedRequest): string =>
    createHmac('sha256', key).update(`${kind}\n${userId}\n${issuedMs}`).digest('base64url').slice(0, 32)
  return {
    async add(kind, request, asked_by, nowMs) {
      const row = {
        _id: codeOf(kind, request),
        kind,
        facebook_user_id: request.userId,
        issued_ms: request.issuedMs,
        requested_ms: nowMs,
        asked_by,
        due_ms: nowMs,
        attempts: 0,
        accounts: 0,
        erasures: [],
        problem: null,
        finished_ms: null,
      }
      const { existing } = await collection.insertMany([row])
      const [known] = existing.length > 0 ? await collection.getMany([row._id]) : []
      return known ?? { ...row, rev: 1 }
    },
    get: async (code) => (await collection.getMany([code]))[0],
    due: (nowMs, limit) => collection.find({ index: 'byDue', range: { lte: nowMs }, limit }),
    async save(row) {
      const { lost } = await collection.replaceMany([row])
      return lost.length === 0 ? { ...row, rev: row.rev + 1 } : undefined
    },
  }
}
