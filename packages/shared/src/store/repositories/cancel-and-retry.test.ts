import { describe, expect, it } from 'vitest'
import type { CommandType } from '../../model/command.ts'
import { newCommandRow, withState } from '../../model/command-row.ts'
import { cancelledRow, retriedRow } from './cancel-and-retry.ts'
import type { CommandRow } from './rows.ts'

const ACT = { by: 'key k1', nowMs: 2_000 }

function row(type: CommandType, more: Partial<CommandRow> = {}): CommandRow {
  const made = newCommandRow(
    {
      commandId: 'c1',
      tenantId: 't',
      pageId: 1,
      facebookPageId: '42',
      conversationKey: null,
      type,
      arguments: {},
      requestedBy: { kind: 'service', id: 's' },
      trigger: 'api',
    },
    1_000,
  )
  return { ...made, rev: 1, ...more }
}

describe('cancelling a command', () => {
  it.each(['accepted', 'queued', 'waiting'] as const)('stops one that is %s, and says who did it', (state) => {
    const cancelled = cancelledRow(row('message.send', { state }), ACT)
    expect(cancelled).toMatchObject({ state: 'cancelled', due_ms: null, finished_ms: 2_000 })
    expect(cancelled.transitions.at(-1)).toMatchObject({ state: 'cancelled', reason: 'cancelled by key k1' })
  })

  it('stops a pull that runs, keeping how far it came', () => {
    const running = row('page.full_sync', { state: 'running', checkpoint: { at: 7 } })
    expect(cancelledRow(running, ACT)).toMatchObject({ state: 'cancelled', checkpoint: { at: 7 } })
  })

  it('answers the very row where it was cancelled before', () => {
    const cancelled = row('page.full_sync', { state: 'cancelled' })
    expect(cancelledRow(cancelled, ACT)).toBe(cancelled)
  })

  it.each([
    ['a push that runs', row('page.update', { state: 'running' })],
    ['a send whose answer was lost', row('message.send', { state: 'unconfirmed' })],
    ['a send that Facebook may have', row('message.send', { state: 'queued', checkpoint: { calling: { part: 0 } } })],
    ['what has ended', row('message.send', { state: 'succeeded' })],
  ])('refuses %s', (_, given) => {
    expect(() => cancelledRow(given, ACT)).toThrow(expect.objectContaining({ code: 'NOT_CANCELLABLE' }))
  })
})

describe('retrying a command', () => {
  it.each(['failed', 'cancelled', 'expired'] as const)('queues one that %s, from its checkpoint, anew', (state) => {
    const ended = {
      ...withState(row('page.full_sync', { checkpoint: { at: 7 } }), { state, nowMs: 1_500, worker: null }),
    }
    const retried = retriedRow({ ...ended, attempts: 8 }, { ...ACT, nowMs: 10_000_000 })
    expect(retried).toMatchObject({ state: 'queued', attempts: 0, checkpoint: { at: 7 }, finished_ms: null })
    expect(retried.expires_ms).toBeGreaterThan(10_000_000)
  })

  it('refuses a send that failed without anybody knowing whether it arrived', () => {
    const failed = row('message.send', { state: 'failed', checkpoint: { calling: { part: 0 } } })
    expect(() => retriedRow(failed, ACT)).toThrow(expect.objectContaining({ code: 'NOT_RETRYABLE' }))
  })

  it('refuses what is open or has succeeded', () => {
    for (const state of ['running', 'succeeded', 'unconfirmed'] as const)
      expect(() => retriedRow(row('page.update', { state }), ACT)).toThrow(
        expect.objectContaining({ code: 'NOT_RETRYABLE' }),
      )
  })
})
