import type { AuditRow } from '@pagesync/shared/store/repositories/access-rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { nullable, rfc3339, Time, wordOf } from './shapes.ts'

export const AuditEntry = Type.Object(
  {
    id: Type.String({ examples: ['au_Zk9…'] }),
    at: Time,
    tenant_id: nullable(Type.String()),
    actor: Type.Object({
      kind: wordOf(['person', 'api_key', 'operator', 'facebook']),
      id: Type.String({ description: "The API key's id, or `sub` of the JWT" }),
    }),
    method: Type.String(),
    route: Type.String({ description: 'As a pattern', examples: ['/api/facebook/pages/:id'] }),
    params: Type.Record(Type.String(), Type.String(), { description: 'The ids that stood in the path' }),
    address: Type.String(),
    client: Type.Unsafe<string | null>({
      ...nullable(Type.String()),
      description: 'What the client calls itself',
    }),
    status: Type.Integer(),
    code: Type.Unsafe<string | null>({ ...nullable(Type.String()), description: "The error's; null without one" }),
    request_id: Type.String(),
    times: Type.Integer({ description: 'Equal refusals of one moment are one entry' }),
  },
  { $id: 'AuditEntry', description: 'What somebody did, or was refused' },
)
export type AuditEntry = Static<typeof AuditEntry>

export function presentAuditEntry(row: AuditRow): AuditEntry {
  const { _id, rev: _rev, at_ms, actor_kind, actor_id, params, ...rest } = row
  return { id: _id, at: rfc3339(at_ms), actor: { kind: actor_kind, id: actor_id }, params: { ...params }, ...rest }
}
