import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ApiKeyRow } from '@pagesync/shared/store/repositories/rows.ts'
import { ALL_SCOPES } from '@pagesync/shared/store/repositories/tenants.ts'
import { type Static, Type } from '@sinclair/typebox'
import type { ApiContext } from './api-context.ts'
import type { Caller } from './caller.ts'
import { createListing, type ListRequest } from './listing.ts'
import { readTime } from './rfc3339-time.ts'
import { body } from './route-shapes.ts'
import { type ApiKey, presentApiKey } from './views/api-key.ts'
import { Id, Time } from './views/shapes.ts'

export const ApiKeyBody = body(
  {
    name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }),
    scopes: Type.Array(Type.Union(ALL_SCOPES.map((scope) => Type.Literal(scope))), {
      minItems: 1,
      uniqueItems: true,
    }),
    page_ids: Type.Optional(
      Type.Union([Type.Array(Id, { minItems: 1, maxItems: 1_000, uniqueItems: true }), Type.Null()], {
        description: 'Only these pages; all of the tenant without it',
      }),
    ),
    expires_at: Type.Optional(
      Type.Union([Type.String({ maxLength: 40, description: Time.description ?? 'RFC 3339' }), Type.Null()]),
    ),
  },
  { examples: [{ name: 'CRM', scopes: ['read', 'push'], expires_at: '2027-01-01T00:00:00Z' }] },
)
export type ApiKeyBody = Static<typeof ApiKeyBody>

/** Who makes and revokes keys of a tenant: no key gets more than they have. */
export type Keeper = Pick<Caller, 'tenantId' | 'scopes' | 'pageIds' | 'credential'>

/** The operator may hand out everything of any tenant. */
export const operatorAsKeeper = (tenantId: string): Keeper => ({
  tenantId,
  scopes: ALL_SCOPES,
  pageIds: null,
  credential: { keyHash: null, expiresMs: null },
})

const Position = Type.Object({ _id: Type.String(), created_ms: Type.Integer() })
const readListing = createListing('api keys', Position, ({ _id, created_ms }: ApiKeyRow) => ({ _id, created_ms }))

type Deps = Pick<ApiContext, 'tenants' | 'apiKeys' | 'pages' | 'clock'>

/**
 * Makes a key, and answers it this once.
 *
 * @throws AppError FORBIDDEN where the keeper lacks what is asked for, PAGE_NOT_FOUND, VALIDATION_FAILED
 */
export async function makeKey(keeper: Keeper, asked: ApiKeyBody, deps: Deps): Promise<ApiKey> {
  const { tenants, pages, clock } = deps
  const nowMs = clock.now()
  const lacking = asked.scopes.find((scope) => !keeper.scopes.includes(scope))
  if (lacking) throw new AppError('FORBIDDEN', `The key has not the scope ${lacking}, so it cannot give it`)
  const pageIds = asked.page_ids ?? null
  if (keeper.pageIds !== null && pageIds === null)
    throw new AppError('FORBIDDEN', 'A key for some pages alone can make keys for these alone: name page_ids')
  for (const id of pageIds ?? []) {
    const owned = (keeper.pageIds?.includes(id) ?? true) && (await pages.get(keeper.tenantId, id))
    if (!owned) throw new AppError('PAGE_NOT_FOUND', `There is no page ${id}`)
  }
  const expiresMs = expiryOf(asked.expires_at ?? null, nowMs)
  // A person's token is short-lived by itself: what they make is not bound to that one session.
  const lastMs = keeper.credential.keyHash === null ? null : keeper.credential.expiresMs
  if (lastMs !== null && (expiresMs === null || expiresMs > lastMs))
    throw new AppError('FORBIDDEN', 'A key that expires can make keys that expire no later: name expires_at')
  const { key, row } = await tenants.createApiKey(
    { tenantId: keeper.tenantId, name: asked.name, scopes: asked.scopes, pageIds, expiresMs },
    nowMs,
  )
  return { ...presentApiKey(row, undefined), key }
}

function expiryOf(text: string | null, nowMs: number): number | null {
  if (text === null) return null
  const ms = readTime('/expires_at', text)
  if (ms > nowMs) return ms
  const problems = [{ path: '/expires_at', message: 'must lie in the future' }]
  throw new AppError('VALIDATION_FAILED', `${problems[0]?.path}: ${problems[0]?.message}`, { problems })
}

export async function listKeys(
  keeper: Keeper,
  request: Omit<ListRequest, 'sort'>,
  { apiKeys }: Deps,
): Promise<{ api_keys: ApiKey[]; next_cursor: string | null }> {
  const { rows, nextCursor } = await readListing(
    { ...request, sort: 'newest' },
    {
      fetch: (limit, after) => apiKeys.list(keeper.tenantId, limit, after),
      keep: keeper.pageIds === null ? undefined : (row) => isWithin(row, keeper),
    },
  )
  const used = await apiKeys.lastUsed(rows.map((row) => row.key_id))
  return { api_keys: rows.map((row) => presentApiKey(row, used.get(row.key_id))), next_cursor: nextCursor }
}

/** @throws AppError API_KEY_NOT_FOUND also for what is not the keeper's */
export async function revokeKey(keeper: Keeper, keyId: string, { apiKeys, clock }: Deps): Promise<ApiKey> {
  const row = await apiKeys.get(keeper.tenantId, keyId)
  if (!row || !isWithin(row, keeper)) throw new AppError('API_KEY_NOT_FOUND', `There is no API key ${keyId}`)
  const revoked = await apiKeys.revoke(row, clock.now())
  return presentApiKey(revoked, (await apiKeys.lastUsed([keyId])).get(keyId))
}

/** A keeper for some pages sees the keys for these pages alone. */
function isWithin({ page_ids }: ApiKeyRow, { pageIds }: Keeper): boolean {
  return pageIds === null || page_ids?.every((id) => pageIds.includes(id)) === true
}
