import { newCommandRow, withState } from '@pagesync/shared/model/command-row.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { expect, it } from 'vitest'
import { etaSeconds, findRunningSync } from './running-sync.ts'

const NOW_MS = Date.UTC(2026, 0, 8, 10, 30)

function command(commandId: string, type: CommandRow['type'], acceptedMs: number): CommandRow {
  const row = newCommandRow(
    {
      commandId,
      tenantId: 't_1',
      pageId: 1,
      facebookPageId: '100',
      conversationKey: null,
      type,
      arguments: {},
      requestedBy: { kind: 'api_key', id: 'key_1' },
      trigger: 'api',
    },
    acceptedMs,
  )
  return { ...row, rev: 1 }
}

it('is null while nothing of the page syncs', () => {
  expect(findRunningSync([], NOW_MS)).toBeNull()
})

it('shows the sync that runs, before those that wait', () => {
  const waiting = command('first', 'page.sync_contacts', NOW_MS - 60_000)
  const started = withState(command('second', 'page.full_sync', NOW_MS - 30_000), {
    state: 'running',
    nowMs: NOW_MS - 20_000,
    worker: 'w',
  })
  const running = { ...started, progress: { phase: 'conversations', done: 50, total: 150 } }
  expect(findRunningSync([waiting, running], NOW_MS)).toEqual({
    command_id: 'second',
    phase: 'conversations',
    done: 50,
    total: 150,
    percent: 33,
    eta_seconds: 40,
  })
})

it('shows the state of a sync that has not begun', () => {
  expect(findRunningSync([command('a', 'page.full_sync', NOW_MS)], NOW_MS)).toEqual({
    command_id: 'a',
    phase: 'accepted',
    done: 0,
    total: null,
    percent: null,
    eta_seconds: null,
  })
})

it('tells no remaining time from nothing', () => {
  expect(etaSeconds({ done: 0, total: 10 }, NOW_MS - 1000, NOW_MS)).toBeNull()
  expect(etaSeconds({ done: 5, total: null }, NOW_MS - 1000, NOW_MS)).toBeNull()
  expect(etaSeconds({ done: 5, total: 10 }, null, NOW_MS)).toBeNull()
  expect(etaSeconds({ done: 12, total: 10 }, NOW_MS - 1000, NOW_MS)).toBe(0)
})
