import type { TenantRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { rfc3339, Time } from './shapes.ts'

export const Tenant = Type.Object(
  { id: Type.String({ examples: ['t_Zk9…'] }), name: Type.String(), created_at: Time },
  { $id: 'Tenant', description: 'A company whose pages are kept in sync' },
)
export type Tenant = Static<typeof Tenant>

export function presentTenant(row: TenantRow): Tenant {
  return { id: row._id, name: row.name, created_at: rfc3339(row.created_ms) }
}
