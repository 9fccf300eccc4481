import { expect, test } from 'vitest'
import { createSparingLog } from './sparing-log.ts'

test('a message is logged once in ten seconds, then with the number of those that were not', () => {
  let nowMs = 0
  const lines: unknown[] = []
  const logger = { warn: (fields: object, message: string) => void lines.push({ ...fields, message }) }
  const warn = createSparingLog(logger as never, { now: () => nowMs, sleep: async () => {} })

  warn('refused', { ip: '1' })
  warn('refused', { ip: '2' })
  warn('kept')
  nowMs = 9_999
  warn('refused', { ip: '3' })
  nowMs = 10_000
  warn('refused', { ip: '4' })
  nowMs = 20_000
  warn('refused', { ip: '5' })

  expect(lines).toEqual([
    { ip: '1', message: 'refused' },
    { message: 'kept' },
    { ip: '4', unlogged: 2, message: 'refused' },
    { ip: '5', message: 'refused' },
  ])
})
