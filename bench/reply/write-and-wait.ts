import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { replyCommandId } from '@pagesync/shared/automations/reply-ids.ts'
import { Pool } from 'undici'
import type { Customer, ReplyBed } from './reply-bed.ts'

export interface ReplyOrder {
  readonly perSecond: number
  readonly seconds: number
  /** Called about ten times a second meanwhile. */
  readonly beside?: () => Promise<void>
}

export interface ReplyRound {
  readonly replies: number
  readonly lost: number
  readonly twice: number
  /** From the moment the gateway said 200 to the reply at the simulator, rising. */
  readonly latenciesMs: readonly number[]
}

const BESIDE_EVERY_MS = 100
const WAIT_FOR_LAST_MS = 60_000
const WALL_MS = performance.timeOrigin

/** Customers write at an even rate; then each message is looked for among what customers got. */
export async function writeAndWait(bed: ReplyBed, { perSecond, seconds, beside }: ReplyOrder): Promise<ReplyRound> {
  const { origin, pathname } = new URL(bed.webhookUrl)
  await using pool = Object.assign(new Pool(origin, { connections: 64, pipelining: 1 }), {
    [Symbol.asyncDispose]: () => pool.close(),
  })
  await fetch(`${bed.controlUrl}/sent`, { method: 'DELETE' })
  const tag = randomBytes(4).toString('hex')
  const acceptedMs = new Map<string, number>()
  const count = perSecond * seconds
  const write = async (i: number): Promise<void> => {
    const customer = bed.customers[i % bed.customers.length] as Customer
    const mid = `m_${tag}-${i}`
    const body = webhookOf(customer, mid, i)
    const signature = createHmac('sha256', bed.appSecret).update(body).digest('hex')
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${signature}` }
    const answer = await pool.request({ method: 'POST', path: pathname, headers, body })
    const now = WALL_MS + performance.now()
    await answer.body.dump()
    if (answer.statusCode !== 200) throw new Error(`the gateway answered ${answer.statusCode}`)
    acceptedMs.set(replyCommandId(customer.pageId, mid.slice('m_'.length)), now)
  }
  const stop = new AbortController()
  const measuring = besides(beside, stop.signal)
  const began = performance.now()
  const writing: Promise<void>[] = []
  for (let i = 0; i < count; i++) {
    const wait = began + (i * 1_000) / perSecond - performance.now()
    if (wait > 1) await delay(wait)
    writing.push(write(i))
  }
  await Promise.all(writing)
  stop.abort()
  await measuring
  return compare(acceptedMs, await receivedBy(bed, acceptedMs))
}

async function besides(act: (() => Promise<void>) | undefined, signal: AbortSignal): Promise<void> {
  while (act && !signal.aborted) {
    await act()
    await delay(BESIDE_EVERY_MS, undefined, { signal }).catch(() => undefined)
  }
}

function webhookOf({ facebookPageId, psid }: Customer, mid: string, i: number): string {
  const now = Date.now()
  const message = { mid, text: `Message ${i} of a customer` }
  const item = { sender: { id: psid }, recipient: { id: facebookPageId }, timestamp: now, message }
  return JSON.stringify({ object: 'page', entry: [{ id: facebookPageId, time: now, messaging: [item] }] })
}

type Received = ReadonlyMap<string, readonly number[]>

/** When each reply reached its customer, by its command; waits for the last ones for a bounded time. */
async function receivedBy(bed: ReplyBed, wanted: ReadonlyMap<string, number>): Promise<Received> {
  const deadline = performance.now() + WAIT_FOR_LAST_MS
  for (;;) {
    const answer = await fetch(`${bed.controlUrl}/sent`)
    const { sent } = (await answer.json()) as { sent: { metadata?: string; time: string }[] }
    const times = new Map<string, number[]>()
    for (const { metadata = '', time } of sent) times.set(metadata, [...(times.get(metadata) ?? []), Date.parse(time)])
    const missing = [...wanted.keys()].filter((id) => !times.has(id)).length
    if (missing === 0 || performance.now() > deadline) return times
    await delay(1_000)
  }
}

function compare(acceptedMs: ReadonlyMap<string, number>, received: Received): ReplyRound {
  const latenciesMs: number[] = []
  let lost = 0
  let twice = 0
  for (const [id, accepted] of acceptedMs) {
    const times = received.get(id) ?? []
    if (times.length > 1) twice++
    const [first] = times
    if (first === undefined) lost++
    else latenciesMs.push(first - accepted)
  }
  return { replies: latenciesMs.length, lost, twice, latenciesMs: latenciesMs.sort((a, b) => a - b) }
}
