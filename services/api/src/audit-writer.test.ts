import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import type { AuditRow } from '@pagesync/shared/store/repositories/access-rows.ts'
import { expect, it } from 'vitest'
import { type AuditEntry, createAuditWriter } from './audit-writer.ts'

const entry = (i: number, fields: Partial<AuditEntry> = {}): AuditEntry => ({
  _id: `au_${i}`,
  tenant_id: 't_1',
  at_ms: i,
  actor_kind: 'api_key',
  actor_id: 'key_1',
  method: 'POST',
  route: '/api/facebook/pages',
  params: {},
  address: '127.0.0.1',
  client: null,
  status: 201,
  code: null,
  request_id: String(i),
  ...fields,
})

type Row = Omit<AuditRow, 'rev'>

function writerOver(append: (rows: readonly Row[]) => Promise<void>) {
  const errors: unknown[] = []
  const logger = { error: (fields: unknown) => void errors.push(fields) }
  return { errors, writer: createAuditWriter({ auditLog: { append }, clock: systemClock, logger }) }
}

it('writes what was noted, many in one go, and all of it before it closes', async () => {
  const batches: (readonly Row[])[] = []
  const { writer } = writerOver(async (rows) => void batches.push(rows))
  for (let i = 0; i < 1_200; i++) writer.note(entry(i))
  await writer.close()
  expect(batches.flat().map((row) => row._id)).toEqual(Array.from({ length: 1_200 }, (_, i) => `au_${i}`))
  expect(batches.length).toBeLessThanOrEqual(3)
})

it('keeps equal refusals of one moment as one row that counts them, and loses none of the count', async () => {
  const rows: Row[] = []
  const { writer } = writerOver(async (batch) => void rows.push(...batch))
  for (let i = 0; i < 100; i++) writer.note(entry(i, { status: 403, code: 'FORBIDDEN' }))
  for (let i = 100; i < 103; i++) writer.note(entry(i, { status: 404, code: 'PAGE_NOT_FOUND', params: { id: '7' } }))
  await writer.close()
  expect(rows.map(({ status, times }) => [status, times])).toEqual([
    [403, 100],
    [404, 3],
  ])
})

it('tries again until the store takes it', async () => {
  const rows: Row[] = []
  let failures = 3
  const { writer, errors } = writerOver(async (batch) => {
    if (failures-- > 0) throw new AppError('STORE_UNAVAILABLE', 'down')
    rows.push(...batch)
  })
  writer.note(entry(1))
  await writer.close()
  expect(rows).toHaveLength(1)
  expect(errors).toHaveLength(1)
  expect(writer.counts()).toEqual({ waiting: 0, lost: 0 })
})

it('is bounded, and says what it lost', async () => {
  const { writer, errors } = writerOver(async () => Promise.reject(new AppError('STORE_UNAVAILABLE', 'down')))
  for (let i = 0; i < 50_010; i++) writer.note(entry(i))
  expect(writer.counts()).toEqual({ waiting: 50_000, lost: 10 })
  await writer.close()
  expect(errors.at(-1)).toEqual({ rows: 50_000 })
})
