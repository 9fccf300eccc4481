import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AutomationBed, openAutomationBed } from '../support/automation-bed.ts'
import { eventually } from '../support/eventually.ts'
import type { SyncBedOptions } from '../support/sync-bed.ts'

const PARTITIONS_MAX = 6

/** What must hold on every engine: of a message that several workers may see, several times, one reply. */
export function describeAutomaticReplies(name: string, openEngines: SyncBedOptions['openEngines']): void {
  describe(`automatic replies of two workers, ${name}`, () => {
    let bed: AutomationBed
    beforeAll(async () => {
      bed = await openAutomationBed({ workers: 2, ...(openEngines ? { openEngines } : {}) })
      await bed.keyword('ping', 'pong')
      // Kafka may wait for members of the group that an earlier file killed.
      await bed.settled('ping', 90_000)
    })
    afterAll(() => bed?.[Symbol.asyncDispose]())

    const texts = async (psid: string) => (await bed.sent(psid)).map(({ text }) => text)

    it('are given once each, however often Facebook repeats the webhooks', async () => {
      const people = await Promise.all(Array.from({ length: 20 }, () => bed.writes('ping', { deliveries: 3 })))
      for (const { psid } of people) await bed.received(psid, 1)
      await bed.settled('ping')
      for (const { psid } of people) expect(await texts(psid)).toEqual(['pong'])
      const log = await bed.log()
      for (const { mid } of people) expect(log.filter(({ answered_id }) => answered_id === mid)).toHaveLength(1)
    })

    it('are held back after a person answered', async () => {
      const { psid } = await bed.writes('ping')
      await bed.received(psid, 1)
      await bed.simulator.control('POST', 'page-messages', { psid, text: 'Dara here.' })
      await eventually(async () => (await bed.conversation(psid))?.last_person_reply_ms !== undefined)
      await bed.writes('ping', { psid })
      await bed.settled('ping')
      expect(await texts(psid)).toEqual(['pong', 'Dara here.'])
    })

    it('are not given again when all of the topic is read again', async () => {
      const { psid } = await bed.writes('ping')
      await bed.received(psid, 1)
      const before = await bed.sent()
      const records: StoredRecord[] = []
      const ofThisPage = (some: readonly StoredRecord[]) =>
        records.push(...some.filter(({ key }) => key.startsWith(bed.page.facebook_page_id)))
      const from = { offsets: Object.fromEntries(Array.from({ length: PARTITIONS_MAX }, (_, i) => [i, 0])) }
      await using _tail = await bed.eventLog.tail({ topic: TOPICS.pageEvents, from, handle: ofThisPage })
      await eventually(() => records.some(({ value }) => value.includes(psid)))
      const again = records.map(({ key, value, headers }) => ({ key, value: value.toString('utf8'), headers }))
      expect(again.length).toBeGreaterThanOrEqual(before.length)
      await bed.eventLog.publish(TOPICS.pageEvents, again)
      await bed.settled('ping')
      const handled = await bed.writes('ping', { psid })
      await bed.received(psid, 2)
      const after = await bed.sent()
      const fresh = after.filter(({ mid }) => !before.some((known) => known.mid === mid))
      expect(fresh.filter((each) => each.psid !== psid)).toHaveLength(1)
      expect(await texts(psid)).toEqual(['pong', 'pong'])
      expect((await bed.log()).filter(({ answered_id }) => answered_id === handled.mid)).toHaveLength(1)
    })
  })
}
