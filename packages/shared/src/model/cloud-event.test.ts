import fc from 'fast-check'
import { expect, test } from 'vitest'
import { continueTrace, newTraceparent, toLogRecord } from './cloud-event.ts'

const event = { id: 'e', type: 't', source: '/s', subject: '1', key: '1', value: '{}', traceparent: newTraceparent() }
const timeOf = (timeMs: number) => toLogRecord({ ...event, timeMs }).headers.ce_time

test('the time is that of the event, whichever came before it', () => {
  const times = fc.oneof(fc.integer({ min: 0, max: 8_640_000_000_000_000 }), fc.nat(5_000))
  fc.assert(
    fc.property(fc.array(times, { maxLength: 20 }), (all) => {
      for (const timeMs of all) expect(timeOf(timeMs)).toBe(new Date(timeMs).toISOString())
    }),
  )
})

test('a channel is written only where there is one', () => {
  expect('ce_channel' in toLogRecord({ ...event, timeMs: 0 }).headers).toBe(false)
  expect(toLogRecord({ ...event, timeMs: 0, channel: 'standby' }).headers.ce_channel).toBe('standby')
})

test('a well formed trace is continued, any other begins anew, each of them alone', () => {
  const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  expect(continueTrace(given)).toBe(given)
  const fresh = Array.from({ length: 1000 }, (_, i) => continueTrace(i % 2 === 0 ? undefined : `${given}-x`))
  expect(new Set(fresh).size).toBe(1000)
  for (const trace of fresh) expect(trace).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
})
