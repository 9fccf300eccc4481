import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import { newCommandRow } from '@pagesync/shared/model/command-row.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { describe, expect, it } from 'vitest'
import { ATTEMPTS_MAX, afterFailure, REAUTH_CHECK_MS } from './after-failure.ts'

const NOW = 1_000_000

function row(more: Partial<CommandRow> = {}): CommandRow {
  const made = newCommandRow(
    {
      commandId: 'c',
      tenantId: 't',
      pageId: 1,
      facebookPageId: '42',
      conversationKey: null,
      type: 'message.send',
      arguments: {},
      requestedBy: { kind: 'service', id: 's' },
      trigger: 'api',
    },
    0,
  )
  return { ...made, rev: 1, state: 'running', attempts: 1, ...more }
}

const after = (code: ErrorCode, more: Partial<CommandRow> = {}) =>
  afterFailure(row(more), new AppError(code, 'so'), NOW, () => 0.5)

describe('after an attempt that failed', () => {
  it('a transient error is tried again, ever later, and at the end of its attempts the command fails', () => {
    expect(after('FACEBOOK_UNAVAILABLE')).toEqual({
      kind: 'wait',
      dueMs: NOW + 500,
      reason: 'FACEBOOK_UNAVAILABLE',
      counted: true,
    })
    expect(after('FACEBOOK_UNAVAILABLE', { attempts: 4 })).toMatchObject({ dueMs: NOW + 4_000 })
    expect(after('FACEBOOK_UNAVAILABLE', { attempts: ATTEMPTS_MAX })).toMatchObject({ kind: 'fail' })
  })

  it('a rate limit and a dead token wait without being counted', () => {
    expect(after('FACEBOOK_RATE_LIMITED', { attempts: ATTEMPTS_MAX })).toMatchObject({ kind: 'wait', counted: false })
    expect(after('FACEBOOK_TOKEN_INVALID')).toEqual({
      kind: 'wait',
      dueMs: NOW + REAUTH_CHECK_MS,
      reason: 'reauth_required',
      counted: false,
    })
  })

  it('a refusal is the end', () => {
    expect(after('MESSAGE_WINDOW_CLOSED')).toMatchObject({ kind: 'fail', failure: { code: 'MESSAGE_WINDOW_CLOSED' } })
  })

  it('a send that may have arrived is never given up for what happened since, only when nobody could find out', () => {
    const calling = { checkpoint: { sent: [], calling: { part: 0 }, resent: false }, attempts: ATTEMPTS_MAX }
    for (const code of ['EVENT_LOG_UNAVAILABLE', 'STORE_UNAVAILABLE', 'FACEBOOK_TOKEN_INVALID', 'INTERNAL'] as const)
      expect(after(code, calling)).toMatchObject({ kind: 'unconfirmed', reason: code })
    expect(after('SEND_UNCONFIRMED', calling)).toMatchObject({ kind: 'fail', failure: { status: 504 } })
  })
})
