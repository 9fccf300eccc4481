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
async function asks(text = 'price') {
  const written = await bed.writes(text, { created_at_ms: clock.now() })
  const command = await eventually(async () => {
    const rows = await bed.ledger.ofPage(bed.page.id, 100)
    return rows.find((row) => row.conversation_key === `${bed.page.id}:${written.psid}`)
  })
  return { ...written, command }
}

/** Somebody comments under a post, so many times: by real time, so this file's clock may not be ten minutes ahead. */
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

  it('when the conversation is muted', async () => {
    const asked = await asks()
    const conversation = (await bed.conversation(asked.psid))!
    await bed.command(await bed.publish('conversation.mute', { conversation_id: conversation.id, arguments: {} }))
    expect(await ended(asked)).toMatchObject({ state: 'failed', failure: { code: 'PERSON_TOOK_OVER' } })
    expect(await bed.sent(asked.psid)).toEqual([])
  })

  it('when the keyword is deleted, or turned off, or the instant reply is, and sent as decided when it was edited', async () => {
    const word = (keyword: string) =>
      bed.keyword(keyword, `${keyword} is two dollars`, { delay_seconds: DELAY_SECONDS })
    const [deleted, off, edited] = [await word('cola'), await word('soda'), await word('milk')]
    const greeting = await bed.instantReply({ message: 'Hi!', delay_seconds: DELAY_SECONDS })
    await bed.restartWorker()
    const [first, second, third, fourth] = [
      await asks('cola'),
      await asks('soda'),
      await asks('milk'),
      await asks('hm'),
    ]
    await bed.rules.keywords.remove([deleted.row])
    await bed.rules.keywords.update(off.row, (row) => ({ ...row, is_active: false }), clock.now())
    await bed.rules.keywords.update(edited.row, (row) => ({ ...row, response_message: 'Three.' }), clock.now())
    await bed.rules.instantReplies.remove(await bed.rules.instantReplies.getOfPage(bed.page.id, [greeting.id]))
    await bed.rules.changed(bed.page.id)
    expect(await ended(third)).toMatchObject({ state: 'succeeded' })
    for (const { command, psid } of [first, second, fourth]) {
      const failure = { code: 'AUTOMATION_CALLED_OFF' }
      expect(await bed.command(command.command_id)).toMatchObject({ state: 'failed', failure })
      expect(await bed.sent(psid)).toEqual([])
    }
    expect((await bed.sent(third.psid)).map(({ text }) => text)).toEqual(['milk is two dollars'])
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

describe('a reply that nobody got', () => {
  beforeAll(async () => {
    await bed.keyword('beer', 'two dollars', { delay_seconds: DELAY_SECONDS })
    await bed.keyword('rice', 'one dollar', { delay_seconds: DELAY_SECONDS, cooldown_minutes: 60 })
    await bed.restartWorker()
  })
  const ACT = { by: 'test', nowMs: clock.now() }
  const repliesTo = async (psid: string) =>
    (await bed.ledger.ofPage(bed.page.id, 200)).filter(({ conversation_key: key }) => key === `${bed.page.id}:${psid}`)
  const writes = async (text: string, psid: string) =>
    (await bed.writes(text, { psid, created_at_ms: clock.now() })).mid
  /** Who asks again is decided about after what she wrote before: it is the same partition. */
  const answeredTo = (mid: string, psid: string) =>
    eventually(async () => (await repliesTo(psid)).find((row) => row.arguments.answered_mid === mid))
  const isAnswered = async (text: string, psid: string): Promise<boolean> => {
    const [asked, after] = [await writes(text, psid), await writes('beer', psid)]
    await answeredTo(after, psid)
    return (await repliesTo(psid)).some((row) => row.arguments.answered_mid === asked)
  }

  it('uses up no cool-down, unless somebody lets it run again', async () => {
    const { psid } = await bed.writes('hello')
    const first = await answeredTo(await writes('rice', psid), psid)
    expect(await isAnswered('rice', psid)).toBe(false)
    const { row: cancelled } = await bed.ledger.cancel(first, ACT)
    const again = await answeredTo(await writes('rice', psid), psid)
    const dropped = await bed.ledger.save({ ...again, state: 'failed', due_ms: null, finished_ms: clock.now() })
    expect(dropped?.state).toBe('failed')
    await bed.ledger.retry(cancelled, ACT)
    expect(await isAnswered('rice', psid)).toBe(false)
  })

  it('counts towards no limit', async () => {
    const { psid } = await bed.writes('hello')
    for (let i = 0; i < 5; i++) await answeredTo(await writes('beer', psid), psid)
    const rows = await repliesTo(psid)
    expect(rows).toHaveLength(5)
    await bed.ledger.cancel(rows[0]!, ACT)
    await answeredTo(await writes('beer', psid), psid)
  })

  it('of a comment is likewise none', async () => {
    const { psid } = await bed.writes('hello')
    const asked = async () => (await repliesTo(psid)).filter(({ type }) => type === 'comment.private_reply')
    await eventually(() => bed.conversation(psid))
    for (let i = 0; i < 5; i++) await answeredTo(await writes('beer', psid), psid)
    for (const row of await repliesTo(psid)) await bed.ledger.cancel(row, ACT)
    await comments(psid, 1)
    await eventually(async () => (await asked()).length === 1)
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

  it('are counted beside the messages that come with them', async () => {
    const triggers = async () => (await bed.count('page', bed.page.id))?.triggers ?? 0
    const { psid } = await bed.writes('hello')
    await eventually(() => bed.conversation(psid))
    const before = await triggers()
    const logged = (await bed.log()).length
    // In one batch, the comment first.
    await bed.restartWorker(async () => {
      await clock.advance(1_000)
      await comments(psid, 1)
      await bed.writes('beer', { psid, created_at_ms: clock.now() })
    })
    await eventually(async () => (await bed.log()).length === logged + 2)
    await eventually(async () => (await triggers()) === before + 2, 5_000)
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

it('nothing is sent once the 24 hours are over within which the page may answer', async () => {
  const late = await bed.keyword('later', 'Good morning.', { delay_seconds: 86_400 })
  await bed.restartWorker()
  const [asked, wroteAgain] = [await asks('later'), await asks('later')]
  // The window that the second one opens anew is still open then.
  await clock.advance(3_600_000)
  await bed.writes('I am still here', { psid: wroteAgain.psid, created_at_ms: clock.now() })
  await eventually(async () => (await bed.conversation(wroteAgain.psid))?.last_customer_ms === clock.now())
  await bed.restartWorker(() => clock.advance(23 * 3_600_000 + 1_000))
  const failure = { code: 'MESSAGE_WINDOW_CLOSED' }
  expect(await bed.command(asked.command.command_id)).toMatchObject({ state: 'failed', failure })
  expect(await bed.command(wroteAgain.command.command_id)).toMatchObject({ state: 'succeeded' })
  expect(await bed.sent(asked.psid)).toEqual([])
  expect((await bed.sent(wroteAgain.psid)).map(({ text }) => text)).toEqual(['Good morning.'])
  expect((await bed.rules.automations.get('t_bed', late.automationId))?.is_active).toBe(true)
})
