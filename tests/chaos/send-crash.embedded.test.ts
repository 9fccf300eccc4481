import { describe, expect, it } from 'vitest'
import { crashInSend, ECHO_ORDERS, STEPS } from './send-crash.ts'

/** `npm run test:chaos` asks for more. */
const KILLS = Number(process.env.CHAOS_KILLS ?? 2)
const AT_ONCE = 3

describe.concurrent('a worker that is killed in the middle of a send, on the embedded engines', () => {
  it.each(STEPS)(
    'at the step "%s": the customer gets the message exactly once, and the command says so',
    {
      timeout: 150_000 * KILLS,
    },
    async (step) => {
      for (let done = 0; done < KILLS; done += AT_ONCE) {
        const some = Array.from({ length: Math.min(AT_ONCE, KILLS - done) }, (_, i) =>
          crashInSend({ step, echoOrder: ECHO_ORDERS[(done + i) % 3] ?? 'after' }),
        )
        for (const { row, delivered } of await Promise.all(some)) {
          expect({ delivered, state: row?.state }).toEqual({ delivered: 1, state: 'succeeded' })
          expect(row?.result).toMatchObject({ outcome: 'applied_remote', facebook_message_id: expect.any(String) })
        }
      }
    },
  )
})
