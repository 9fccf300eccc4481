import type { TokenReport } from '@pagesync/shared/graph/token-inspection.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { describe, expect, it } from 'vitest'
import { withDeadToken, withTokenReport } from './token-state.ts'

const DAY_MS = 86_400_000
const NOW = Date.UTC(2026, 10, 26)
const CAUSE = { command_id: 'cmd_1', at_ms: NOW }

function page(more: Partial<PageRow> = {}): PageRow {
  return { _id: 't/42', rev: 3, id: 1, status: 'active', token_status: 'valid', ...more } as PageRow
}
const report = (more: Partial<TokenReport> = {}): TokenReport => ({
  isValid: true,
  expiresMs: null,
  dataAccessExpiresMs: null,
  problem: null,
  ...more,
})

describe('the state of a token', () => {
  it.each([
    ['a token without an end', {}, 'valid'],
    ['a token that ends in 15 days', { expiresMs: NOW + 15 * DAY_MS }, 'valid'],
    ['a token that ends in 13 days', { expiresMs: NOW + 13 * DAY_MS }, 'expiring'],
    ['data access that ends in 15 days', { dataAccessExpiresMs: NOW + 15 * DAY_MS }, 'valid'],
    ['data access that ends in 13 days', { dataAccessExpiresMs: NOW + 13 * DAY_MS }, 'expiring'],
    ['data access that has ended', { dataAccessExpiresMs: NOW - DAY_MS }, 'expiring'],
  ])('%s is told as it is', (_what, told, expected) => {
    const row = withTokenReport(page(), report(told), CAUSE)
    expect(row).toMatchObject({ status: 'active', token_status: expected, token_checked_ms: NOW })
    expect(row.token_news).toBeUndefined()
  })

  it('a token that Facebook calls invalid is dead once, with what Facebook said', () => {
    const dead = withTokenReport(page(), report({ isValid: false, problem: { code: 190, subcode: 460 } }), CAUSE)
    expect(dead).toMatchObject({ status: 'reauth_required', token_status: 'invalid' })
    expect(dead.token_news).toEqual([{ type: 'page.token_invalid', ...CAUSE, facebook: { code: 190, subcode: 460 } }])
    const again = withTokenReport(dead, report({ isValid: false, problem: { code: 190 } }), {
      ...CAUSE,
      at_ms: NOW + 1,
    })
    expect(again.token_news).toEqual(dead.token_news)
    expect(withDeadToken(dead, CAUSE)).toBeNull()
  })

  it('a token that lives again is restored, and both stay to be told', () => {
    const dead = withDeadToken(page(), CAUSE) as PageRow
    const alive = withTokenReport(dead, report(), { command_id: 'cmd_2', at_ms: NOW + DAY_MS })
    expect(alive).toMatchObject({ status: 'active', token_status: 'valid' })
    expect(alive.token_news?.map(({ type }) => type)).toEqual(['page.token_invalid', 'page.token_restored'])
  })

  it('a page that was disconnected does not ask to be connected again', () => {
    expect(withDeadToken(page({ status: 'disconnected' }), CAUSE)).toBeNull()
  })
})
