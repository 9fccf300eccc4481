import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AutomationBed, openAutomationBed } from '../support/automation-bed.ts'
import { eventually } from '../support/eventually.ts'

/** Time stands still but where a test moves it: a reply that is decided waits until then. */
const clock = createTestClock(Date.now())
const DELAY_SECONDS = 60
let bed: AutomationBed

beforeAll(async () => {
  bed = await openAutomationBed({ clock })
  await bed.keyword('price', 'two dollars', { delay_seconds: DELAY_SECONDS })
})
afterAll(() => bed?.[Symbol.asyncDispose]())

/** A new person asks, and the reply waits. */
async function asks() {
  const written = await bed.writes('price', { created_at_ms: clock.now() })
  const command = await eventually(async () => {
    const rows = await bed.ledger.ofPage(bed.page.id, 100)
    return rows.find((row) => row.conversation_key === `${bed.page.id}:${written.psid}`)
  })
  return { ...written, command }
}

/** What became of the command once its time has come. */
async function ended({ command }: { readonly command: { readonly command_id: string } }) {
  await bed.restartWorker(() => clock.advance((DELAY_SECONDS + 1) * 1_000))
  return bed.command(command.command_id)
}

describe('a reply that waits', () => {
  it('is sent when its time has come', async () => {
    const asked = await asks()
    expect(await ended(asked)).toMatchObject({ state: 'succeeded' })
    expect(await bed.sent(asked.psid)).toHaveLength(1)
  })

  it('is called off by a person’s answer, also one that Facebook dates before the reply was decided', async () => {
    const asked = await asks()
    const created_at_ms = asked.command.accepted_ms - 5_000
    await bed.simulator.control('POST', 'page-messages', { psid: asked.psid, text: 'Dara here.', created_at_ms })
    await eventually(async () => (await bed.conversation(asked.psid))?.last_person_reply_ms !== undefined)
    expect(await ended(asked)).toMatchObject({ state: 'failed', failure: { code: 'PERSON_TOOK_OVER' } })
    expect((await bed.sent(asked.psid)).map(({ text }) => text)).toEqual(['Dara here.'])
  })
})
