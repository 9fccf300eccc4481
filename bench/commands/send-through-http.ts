import { Pool } from 'undici'
import type { CommandsBed } from './commands-bed.ts'

export interface SendRound {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Texts that a customer got more than once, and those nobody got although the answer was `succeeded`. */
  readonly duplicates: number
  readonly lost: number
}

export interface SendOrder {
  readonly commands: number
  readonly callers: number
  /** Makes the texts of this round its own. */
  readonly round: number
}

/**
 * Callers that each ask for one send after the other and wait for its answer, which comes when the command has
 * succeeded. Any other answer is an error. Afterwards every text is looked for among what customers got.
 */
export async function sendThroughHttp(bed: CommandsBed, { commands, callers, round }: SendOrder): Promise<SendRound> {
  await using pool = closing(new Pool(bed.apiUrl, { connections: callers, headersTimeout: 60_000 }))
  const texts = Array.from({ length: commands }, (_, i) => `Round ${round}, number ${i}`)
  const latenciesMs = new Float64Array(commands)
  let next = 0
  const sendOn = async (): Promise<void> => {
    for (let i = next++; i < commands; i = next++) {
      const began = performance.now()
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: `/api/facebook/conversations/${bed.conversationIds[i % bed.conversationIds.length]}/messages`,
        headers: { authorization: `Bearer ${bed.apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ message: texts[i] }),
      })
      const answer = await body.text()
      if (statusCode !== 200 || !answer.includes('"applied_remote"')) throw new Error(`${statusCode}: ${answer}`)
      latenciesMs[i] = performance.now() - began
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: callers }, sendOn))
  const seconds = (performance.now() - began) / 1000
  const received = await takeReceived(bed)
  const times = texts.map((text) => received.get(text) ?? 0)
  latenciesMs.sort()
  const quantile = (q: number): number => latenciesMs[Math.min(commands - 1, Math.floor(commands * q))] ?? Number.NaN
  return {
    perSecond: commands / seconds,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    duplicates: times.filter((count) => count > 1).length,
    lost: times.filter((count) => count === 0).length,
  }
}

/** How often customers got each text since it was last asked. */
async function takeReceived({ controlUrl }: CommandsBed): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${controlUrl}/sent`)
  const { sent } = (await answer.json()) as { sent: { text?: string }[] }
  await fetch(`${controlUrl}/sent`, { method: 'DELETE' })
  const counts = new Map<string, number>()
  for (const { text = '' } of sent) counts.set(text, (counts.get(text) ?? 0) + 1)
  return counts
}

function closing(pool: Pool): Pool & AsyncDisposable {
  return Object.assign(pool, { [Symbol.asyncDispose]: () => pool.close() })
}
