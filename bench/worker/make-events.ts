import { randomBytes } from 'node:crypto'
import type { LogRecord } from '@pagesync/shared/event-log/event-log.ts'
import { newTraceparent } from '@pagesync/shared/model/cloud-event.ts'
import { toPageEvents } from '@pagesync/webhook-gateway/to-page-events.ts'
import { toRecord } from '@pagesync/webhook-gateway/to-record.ts'

export interface Workload {
  readonly facebookPageIds: readonly string[]
  /** In the order in which they are published. */
  readonly records: readonly LogRecord[]
}

const TEXT =
  'Hello, I would like to know whether the blue one is still there and what delivery to the river side costs. '

/**
 * Webhook messages of `senders` people on `pages` pages, made by the gateway's own code. Who writes is drawn by Zipf's
 * law (exponent 1): a few people write very much, most of them little.
 */
export function makeEvents(options: {
  readonly events: number
  readonly pages: number
  readonly senders: number
}): Workload {
  const facebookPageIds = Array.from({ length: options.pages }, () => `10${digits(13)}`)
  const people = Array.from({ length: options.senders }, (_, i) => ({
    psid: digits(17),
    page: facebookPageIds[i % options.pages] as string,
  }))
  const draw = zipf(options.senders)
  const start = Date.now() - options.events
  const records: LogRecord[] = []
  for (let i = 0; i < options.events; i++) {
    const { psid, page } = people[draw()] as (typeof people)[number]
    records.push(recordOf(page, psid, start + i, i))
  }
  return { facebookPageIds, records }
}

function recordOf(page: string, psid: string, atMs: number, i: number): LogRecord {
  const item = {
    sender: { id: psid },
    recipient: { id: page },
    timestamp: atMs,
    message: { mid: `m_${randomBytes(66).toString('base64url')}`, text: `${TEXT}${i}` },
  }
  const content = toPageEvents({ object: 'page', entry: [{ id: page, time: atMs, messaging: [item] }] }, atMs)
  const event = content.kind === 'events' ? content.events[0] : undefined
  if (!event) throw new Error('the gateway made no event of the message')
  return toRecord(event, newTraceparent())
}

function digits(length: number): string {
  return Array.from(randomBytes(length), (byte) => (byte % 9) + 1).join('')
}

/** Draws 0…n-1 with a probability of 1 / (rank + 1). */
function zipf(n: number): () => number {
  const cumulative = new Float64Array(n)
  let total = 0
  for (let i = 0; i < n; i++) cumulative[i] = total += 1 / (i + 1)
  return () => {
    const target = Math.random() * total
    let low = 0
    let high = n - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((cumulative[middle] as number) < target) low = middle + 1
      else high = middle
    }
    return low
  }
}
