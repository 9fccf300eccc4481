import type { AccountRow } from '@pagesync/shared/store/repositories/connection-rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import type { RefusedPage } from '../connect-account.ts'
import { TokenStatus } from './page.ts'
import { FacebookId, Id, nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

export const Account = Type.Object(
  {
    id: Id,
    facebook_user_id: FacebookId,
    name: nullable(Type.String()),
    status: wordOf(['connected', 'disconnected']),
    token_status: TokenStatus,
    token_expires_at: nullable(Time),
    data_access_expires_at: nullable(Time),
    connected_at: Time,
    created_at: Time,
  },
  { $id: 'Account', description: 'A person at Facebook who connected pages' },
)
export type Account = Static<typeof Account>

/** So long before the token, or the app's access to data, ends it is said. */
const WARN_AHEAD_MS = 14 * 86_400_000

export function presentAccount(row: AccountRow, nowMs: number): Account {
  return {
    id: row.id,
    facebook_user_id: row.facebook_user_id,
    name: row.name,
    status: row.status,
    token_status: tokenStatus(row, nowMs),
    token_expires_at: rfc3339OrNull(row.token_expires_ms),
    data_access_expires_at: rfc3339OrNull(row.data_access_expires_ms),
    connected_at: rfc3339(row.connected_ms),
    created_at: rfc3339(row.created_ms),
  }
}

function tokenStatus(row: AccountRow, nowMs: number): Static<typeof TokenStatus> {
  if (row.status === 'disconnected') return 'unknown'
  if (row.token_invalid || (row.token_expires_ms !== null && row.token_expires_ms <= nowMs)) return 'invalid'
  const ends = [row.token_expires_ms, row.data_access_expires_ms].filter((ms) => ms !== null)
  return ends.some((ms) => ms - nowMs < WARN_AHEAD_MS) ? 'expiring' : 'valid'
}

export const Refused = Type.Object({
  facebook_page_id: FacebookId,
  name: nullable(Type.String()),
  code: Type.String({ examples: ['PAGE_ALREADY_CONNECTED'] }),
  message: Type.String(),
})

export const presentRefused = ({ facebookPageId, name, error }: RefusedPage): Static<typeof Refused> => ({
  facebook_page_id: facebookPageId,
  name,
  code: error.code,
  message: error.message,
})
