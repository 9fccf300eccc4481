import { setTimeout as delay } from 'node:timers/promises'
import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { expect, it } from 'vitest'
import { openSyncBed } from '../support/sync-bed.ts'

const HOUR_MS = 3_600_000
const STEP_MS = 2_000

it('a send whose answer was lost, and that nobody can look for, fails after a day: sent once, and never begun anew', async () => {
  const clock = createTestClock(Date.now())
  await using bed = await openSyncBed({ count: 3, recentCustomers: 3 }, { clock })
  await bed.simulator.control('POST', 'faults', [
    { match: { kind: 'send' }, times: 1, action: { apply_then_lose: true } },
    { match: { kind: 'conversations' }, times: 1_000_000, action: { error: { code: 2 } } },
  ])
  const { conversations } = await bed.simulator.control<{ conversations: { psids: string[] }[] }>(
    'GET',
    'conversations',
  )
  const recipient_id = conversations[0]?.psids[0]
  const id = await bed.publish('message.send', { arguments: { message: 'Yes, we do', recipient_id } })
  const passTime = async (wanted: (row: CommandRow) => boolean, withinMs: number): Promise<CommandRow> => {
    for (const endMs = clock.now() + withinMs; clock.now() <= endMs; await clock.advance(STEP_MS), await delay(3)) {
      const row = await bed.ledger.get('t_bed', id)
      if (row && wanted(row)) return row
    }
    throw new Error(`not so after ${withinMs} ms of the test's clock`)
  }
  await passTime(({ transitions }) => transitions.some(({ reason }) => reason === 'unreadable'), HOUR_MS)
  await bed.restartWorker(() => clock.advance(24 * HOUR_MS))
  const failed = await passTime(({ state }) => state === 'failed', HOUR_MS)
  expect(failed).toMatchObject({ failure: { code: 'SEND_UNCONFIRMED', status: 504 } })
  const { sent } = await bed.simulator.control<{ sent: unknown[] }>('GET', 'sent')
  expect(sent).toHaveLength(1)
  await expect(bed.ledger.retry(failed, { nowMs: clock.now(), by: 'test' })).rejects.toMatchObject({
    code: 'NOT_RETRYABLE',
  })
})
