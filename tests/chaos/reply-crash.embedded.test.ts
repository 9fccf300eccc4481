import { describe, expect, it } from 'vitest'
import { crashInReply, OWN_STEPS, REPLY_STEPS } from './reply-crash.ts'

/** Those around the send are killed at by `send-crash`, too; `npm run test:chaos` asks for all of them here as well. */
const STEPS = process.env.CHAOS_KILLS === undefined ? OWN_STEPS : REPLY_STEPS

describe.concurrent('a worker that is killed in the middle of an automatic reply, on the embedded engines', () => {
  it.each(STEPS)(
    'at the step "%s": the customer gets one reply, and it is logged and counted once',
    { timeout: 150_000 },
    async (step) => {
      const { row, texts } = await crashInReply(step)
      expect(texts).toEqual(['Yes, everywhere.'])
      expect({ state: row.state, logged: row.logged, triggers: row.triggers }).toEqual({
        state: 'succeeded',
        logged: 1,
        triggers: 1,
      })
    },
  )
})
