import { createHmac, randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { replyCommandId } from '@pagesync/shared/automations/reply-ids.ts'
import { Pool } from 'undici'
import { type Customer, type ReplyBed, SEND_ECHO_SECONDS } from './reply-bed.ts'

export interface ReplyOrder {
  readonly perSecond: number
  readonly seconds: number
  /** Called about ten times a second meanwhile. */
  readonly beside?: () => Promise<void>
}

export interface ReplyRound {
  readonly replies: number
  readonly lost: number
  /** Whatever customers got beside one reply to each message. */
  readonly twice: number
  /** From the moment the gateway said 200 to the reply at the simulator, rising. */
  readonly latenciesMs: readonly number[]
}

const BESIDE_EVERY_MS = 100
const WAIT_FOR_LAST_MS = 60_000
/** Whatever would be sent a second time has been by then. */
const QUIET_MS = 3 * SEND_ECHO_SECONDS * 1_000
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

interface Sent {
  readonly metadata?: string
  readonly time: string
}

/** All that customers got: once each message has its reply, or after a bounded time, and a quiet time after that. */
async function receivedBy({ controlUrl }: ReplyBed, wanted: ReadonlyMap<string, number>): Promise<readonly Sent[]> {
  const read = async (): Promise<readonly Sent[]> => {
    const answer = await fetch(`${controlUrl}/sent`)
    return ((await answer.json()) as { sent: Sent[] }).sent
  }
  const deadline = performance.now() + WAIT_FOR_LAST_MS
  const isComplete = (sent: readonly Sent[]): boolean => {
    const answered = new Set(sent.map(({ metadata }) => metadata))
    return [...wanted.keys()].every((id) => answered.has(id))
  }
  while (!isComplete(await read()) && performance.now() < deadline) await delay(1_000)
  await delay(QUIET_MS)
  return read()
}

function compare(acceptedMs: ReadonlyMap<string, number>, received: readonly Sent[]): ReplyRound {
  const firstMs = new Map<string, number>()
  for (const { metadata = '', time } of received)
    if (acceptedMs.has(metadata) && !firstMs.has(metadata)) firstMs.set(metadata, Date.parse(time))
  const latenciesMs = [...firstMs].map(([id, ms]) => ms - (acceptedMs.get(id) as number))
  return {
    replies: latenciesMs.length,
    lost: acceptedMs.size - firstMs.size,
    twice: received.length - firstMs.size,
    latenciesMs: latenciesMs.sort((a, b) => a - b),
  }
}
