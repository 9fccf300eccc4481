import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { it } from 'vitest'
import { openAutomationBed } from '../support/automation-bed.ts'
import { describeAutomaticReplies } from './automatic-replies.ts'

describeAutomaticReplies('on the embedded engines', undefined)

it('are sent at once by whichever worker has the page, also what the other one decides at that moment', async () => {
  // Time stands still: no sweep finds what a worker missed.
  const clock = createTestClock(Date.now())
  await using bed = await openAutomationBed({ workers: 2, clock })
  await bed.keyword('ping', 'pong')
  for (let round = 0; round < 6; round++) {
    const written = Array.from({ length: 8 }, () => bed.writes('ping', { created_at_ms: clock.now() }))
    for (const { psid } of await Promise.all(written)) await bed.received(psid, 1)
    await clock.advance(300)
  }
})
