import type { ApiKeyRow } from '@pagesync/shared/store/repositories/rows.ts'
import { ALL_SCOPES } from '@pagesync/shared/store/repositories/tenants.ts'
import { type Static, Type } from '@sinclair/typebox'
import { Id, nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

export const ApiKey = Type.Object(
  {
    id: Type.String({ examples: ['key_Zk9…'] }),
    name: Type.String(),
    prefix: Type.String({ description: 'How the key begins, to recognise it by', examples: ['ps_live_Zk9w'] }),
    scopes: Type.Array(wordOf(ALL_SCOPES)),
    page_ids: Type.Unsafe<number[] | null>({
      ...nullable(Type.Array(Id)),
      description: 'The pages that the key is for; null: all of the tenant',
    }),
    created_at: Time,
    expires_at: nullable(Time),
    revoked_at: nullable(Time),
    last_used_at: Type.Unsafe<string | null>({ ...nullable(Time), description: 'To the minute' }),
    key: Type.Optional(Type.String({ description: 'The key itself: shown when it is made, and never again' })),
  },
  { $id: 'ApiKey', description: 'What lets a program in, as long as it is neither expired nor revoked' },
)
export type ApiKey = Static<typeof ApiKey>

/** Without the key: of that only a hash is kept. */
export function presentApiKey(row: ApiKeyRow, lastUsedMs: number | undefined): ApiKey {
  return {
    id: row.key_id,
    name: row.name,
    prefix: row.prefix,
    scopes: [...row.scopes] as ApiKey['scopes'],
    page_ids: row.page_ids === null ? null : [...row.page_ids],
    created_at: rfc3339(row.created_ms),
    expires_at: rfc3339OrNull(row.expires_ms),
    revoked_at: rfc3339OrNull(row.revoked_ms),
    last_used_at: rfc3339OrNull(lastUsedMs),
  }
}
