import { randomBytes } from 'node:crypto'
import { type AfterCrash, crashInSend, ECHO_ORDERS, STEPS } from '../../tests/chaos/send-crash.ts'

export interface KillFigures {
  readonly kills: number
  readonly duplicates: number
  readonly lost: number
}

export interface KillOrder {
  readonly kafkaUrl: string
  readonly mongodbUrl: string
  readonly killsPerStep: number
  readonly say: (line: string) => void
}

/** Systems on the embedded engines share nothing and die side by side; on Kafka they are of the same consumer groups. */
const EMBEDDED_AT_ONCE = 4

/** Kills a worker with -9 at every step of a send, on both pairs of engines, and counts what customers got. */
export async function runKillMatrix({ kafkaUrl, mongodbUrl, killsPerStep, say }: KillOrder): Promise<KillFigures> {
  const total = { kills: 0, duplicates: 0, lost: 0 }
  for (const step of STEPS) {
    const ends: AfterCrash[] = []
    for (let i = 0; i < killsPerStep; i += EMBEDDED_AT_ONCE) {
      const some = Array.from({ length: Math.min(EMBEDDED_AT_ONCE, killsPerStep - i) }, (_, j) =>
        crashInSend({ step, echoOrder: echoOrder(i + j) }),
      )
      ends.push(...(await Promise.all(some)))
    }
    for (let i = 0; i < killsPerStep; i++) {
      const storeUrl = new URL(`crash_${randomBytes(6).toString('hex')}`, mongodbUrl).href
      ends.push(await crashInSend({ step, echoOrder: echoOrder(i), engines: { eventLogUrl: kafkaUrl, storeUrl } }))
    }
    total.kills += ends.length
    total.duplicates += ends.filter(({ delivered }) => delivered > 1).length
    total.lost += ends.filter(isLost).length
    say(`killed at "${step}": ${ends.length} times, so far ${total.duplicates} duplicates, ${total.lost} lost`)
  }
  return total
}

const echoOrder = (i: number): (typeof ECHO_ORDERS)[number] => ECHO_ORDERS[i % ECHO_ORDERS.length] ?? 'after'

/** Not settled in time, or said to have succeeded without a message. A failure that says so honestly would be none, and there is no reason for one here. */
const isLost = ({ row, delivered }: AfterCrash): boolean => row?.state !== 'succeeded' || delivered === 0
