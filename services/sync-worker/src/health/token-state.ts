import type { TokenReport } from '@pagesync/shared/graph/token-inspection.ts'
import type { TokenNews } from '@pagesync/shared/store/repositories/page-health-rows.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'

/** So long before a token, or the app's access to data, ends it is said. */
const WARN_AHEAD_MS = 14 * 86_400_000
const NEWS_MAX = 10

export type TokenCause = Omit<TokenNews, 'type'>

/** The row once its token is known to be dead; null where that is known, or says nothing about this page any more. */
export function withDeadToken(row: PageRow, cause: TokenCause): PageRow | null {
  if (row.status === 'reauth_required' || row.status === 'disconnected') return null
  return withNews(
    { ...row, status: 'reauth_required', token_status: 'invalid' },
    { type: 'page.token_invalid', ...cause },
  )
}

/** The row once Facebook told of its token. */
export function withTokenReport(row: PageRow, report: TokenReport, cause: TokenCause): PageRow {
  const checked = { ...row, token_checked_ms: cause.at_ms }
  if (!report.isValid) {
    const facebook = report.problem === null ? {} : { facebook: report.problem }
    return withDeadToken(checked, { ...cause, ...facebook }) ?? checked
  }
  const told: PageRow = {
    ...checked,
    token_status: isExpiring(report, cause.at_ms) ? 'expiring' : 'valid',
    token_expires_ms: report.expiresMs,
    data_access_expires_ms: report.dataAccessExpiresMs,
  }
  if (row.status !== 'reauth_required') return told
  return withNews({ ...told, status: 'active' }, { type: 'page.token_restored', ...cause })
}

export function isExpiring({ expiresMs, dataAccessExpiresMs }: TokenReport, nowMs: number): boolean {
  return [expiresMs, dataAccessExpiresMs].some((endMs) => endMs !== null && endMs - nowMs < WARN_AHEAD_MS)
}

const withNews = (row: PageRow, news: TokenNews): PageRow => ({
  ...row,
  token_news: [...(row.token_news ?? []), news].slice(-NEWS_MAX),
})
