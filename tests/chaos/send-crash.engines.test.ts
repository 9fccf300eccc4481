import { randomBytes } from 'node:crypto'
import { describe, expect, inject, it } from 'vitest'
import { crashInSend, ECHO_ORDERS, STEPS } from './send-crash.ts'

/** `npm run test:chaos` asks for more. */
const KILLS = Number(process.env.CHAOS_KILLS ?? 2)

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

describe.skipIf(!kafkaUrl || !mongodbUrl)(
  'a worker that is killed in the middle of a send, on Kafka and FerretDB',
  () => {
    // One after the other: all of them are members of the same consumer groups.
    it.each(STEPS)(
      'at the step "%s": the customer gets the message exactly once, and the command says so',
      {
        timeout: 200_000 * KILLS,
      },
      async (step) => {
        for (let i = 0; i < KILLS; i++) {
          const storeUrl = new URL(`crash_${randomBytes(6).toString('hex')}`, mongodbUrl).href
          const engines = { eventLogUrl: kafkaUrl ?? '', storeUrl }
          const { row, delivered } = await crashInSend({ step, echoOrder: ECHO_ORDERS[i % 3] ?? 'after', engines })
          expect({ delivered, state: row?.state }).toEqual({ delivered: 1, state: 'succeeded' })
          expect(row?.result).toMatchObject({ outcome: 'applied_remote', facebook_message_id: expect.any(String) })
        }
      },
    )
  },
)
