import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { messageKey } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AutomationBed, openAutomationBed } from '../support/automation-bed.ts'
import { eventually } from '../support/eventually.ts'

/** Time stands still but where a test moves it: a reply that is decided waits until then. */
const clock = createTestClock(Date.now())
const DELAY_SECONDS = 60
let bed: AutomationBed
let automationId: number

beforeAll(async () => {
  bed = await openAutomationBed({ clock })
  await bed.automation('comment_to_message', { message: 'We wrote to you.' })
  automationId = (await bed.keyword('price', 'two dollars', { delay_seconds: DELAY_SECONDS })).automationId
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

/** Somebody comments under a post, so many times. */
async function comments(psid: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await bed.simulator.control('POST', 'events', { kind: 'feed', item: 'comment', verb: 'add', psid, message: 'wow' })
}

/** The private replies to comments. */
const repliedTo = async (psid: string) => (await bed.sent(psid)).filter(({ comment_id }) => comment_id !== undefined)

const messageOf = ({ mid }: { readonly mid: string }): string => messageKey(bed.page.id, canonicalMid(mid))

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

describe('a reply that waits is called off', () => {
  it('when the person deletes what was to be answered', async () => {
    const asked = await asks()
    await bed.simulator.control('POST', 'events', { kind: 'message_delete', mid: asked.mid })
    await eventually(async () => (await bed.reader.messagesByKey([messageOf(asked)]))[0]?.deleted_ms !== undefined)
    expect(await ended(asked)).toMatchObject({ state: 'failed', failure: { code: 'AUTOMATION_CALLED_OFF' } })
    expect(await bed.sent(asked.psid)).toEqual([])
  })

  it('when Facebook blocks the page', async () => {
    const told = async (action: string): Promise<void> => {
      await bed.simulator.control('POST', 'events', { kind: 'policy_enforcement', action, reason: 'spam' })
      await eventually(async () => (await bed.pages.get('t_bed', bed.page.id))?.policy?.action === action)
    }
    const asked = await asks()
    await told('block')
    expect(await ended(asked)).toMatchObject({ state: 'failed', failure: { code: 'POLICY_BLOCKED' } })
    await told('unblock')
    await bed.restartWorker()
    expect(await bed.sent(asked.psid)).toEqual([])
  })

  it('when the automation is turned off, or deleted', async () => {
    const [first, second] = [await asks(), await asks()]
    const turn = async (is_active: boolean): Promise<void> => {
      const [row] = await bed.rules.automations.getOfPage(bed.page.id, [automationId])
      await bed.rules.automations.update(row!, (stored) => ({ ...stored, is_active }), clock.now())
    }
    await turn(false)
    expect(await ended(first)).toMatchObject({ state: 'failed', failure: { code: 'AUTOMATION_CALLED_OFF' } })
    expect(await bed.command(second.command.command_id)).toMatchObject({ failure: { code: 'AUTOMATION_CALLED_OFF' } })
    await turn(true)
    const third = await asks()
    const [row] = await bed.rules.automations.getOfPage(bed.page.id, [automationId])
    await bed.rules.removeAutomation(row!)
    expect(await ended(third)).toMatchObject({ state: 'failed', failure: { code: 'AUTOMATION_CALLED_OFF' } })
    for (const { psid } of [first, second, third]) expect(await bed.sent(psid)).toEqual([])
  })
})

describe('comments of one person', () => {
  it('are answered as often as messages would be, whoever else comments', async () => {
    const [many, later] = [await bed.writes('hello'), await bed.writes('hello')]
    await comments(many.psid, 7)
    await comments(later.psid, 1)
    await eventually(async () => (await repliedTo(later.psid)).length === 1)
    await eventually(async () => (await repliedTo(many.psid)).length >= 5)
    const log = (await bed.log()).filter(({ conversation_key }) => conversation_key === `${bed.page.id}:${many.psid}`)
    expect(log).toHaveLength(5)
    expect(await repliedTo(many.psid)).toHaveLength(5)
  })

  it('are not answered while a person talks to her', async () => {
    const [taken, other] = [await bed.writes('hello'), await bed.writes('hello')]
    await bed.simulator.control('POST', 'page-messages', { psid: taken.psid, text: 'Dara here.' })
    await eventually(async () => (await bed.conversation(taken.psid))?.last_person_reply_ms !== undefined)
    await comments(taken.psid, 1)
    await comments(other.psid, 1)
    await eventually(async () => (await repliedTo(other.psid)).length === 1)
    expect(await repliedTo(taken.psid)).toEqual([])
  })
})

it('who opens the conversation by a button is greeted', async () => {
  const { automationId: greeting } = await bed.instantReply({ trigger: 'new_conversation', message: 'Welcome!' })
  try {
    await bed.restartWorker()
    const { psid } = await bed.writes('hello', { deliveries: 0 })
    await bed.simulator.control('POST', 'events', { kind: 'postback', psid, title: 'Get Started' })
    expect((await bed.received(psid, 1)).map(({ text }) => text)).toEqual(['Welcome!'])
  } finally {
    const row = await bed.rules.automations.get('t_bed', greeting)
    if (row) await bed.rules.removeAutomation(row)
  }
})
