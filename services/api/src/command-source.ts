import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import { createListing, type ListSource } from './listing.ts'

const Position = Type.Object({ _id: Type.String(), accepted_ms: Type.Integer() })
type Position = Pick<CommandRow, '_id' | 'accepted_ms'>

const positionOf = ({ _id, accepted_ms }: CommandRow): Position => ({ _id, accepted_ms })
export const readCommands = createListing('commands', Position, positionOf)
export const readRuns = createListing('runs', Position, positionOf)

export interface CommandSourceOptions {
  readonly tenantId: string
  /** Null: those of all pages. */
  readonly pageId: number | null
  readonly sort: 'newest' | 'id'
  readonly keep: ((row: CommandRow) => boolean) | undefined
}

/** The ledger as a list: of the tenant or of one page, the newest first or by id. */
export function commandSource(ledger: Ledger, options: CommandSourceOptions): ListSource<CommandRow, Position> {
  const { tenantId, pageId, sort, keep } = options
  // By id there is no index for a page's commands.
  if (sort === 'id')
    return {
      fetch: (limit, after) => ledger.ofTenantById(tenantId, limit, after?._id),
      keep: pageId === null ? keep : (row) => row.page_id === pageId && (keep?.(row) ?? true),
    }
  return {
    fetch: (limit, after) =>
      pageId === null ? ledger.ofTenant(tenantId, limit, after) : ledger.ofPage(pageId, limit, after),
    keep,
  }
}
