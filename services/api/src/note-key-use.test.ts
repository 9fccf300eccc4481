import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import type { KeyUse } from '@pagesync/shared/store/repositories/api-keys.ts'
import { expect, it } from 'vitest'
import { createKeyUses } from './note-key-use.ts'

const KEY = { key_id: 'key_1', tenant_id: 't_1' }

it('writes the use of a key at most once a minute', async () => {
  const clock = createTestClock()
  const written: KeyUse[] = []
  const noteUses = async (uses: readonly KeyUse[]) => void written.push(...uses)
  const uses = createKeyUses({ noteUses }, clock, { warn: () => undefined })
  for (let second = 0; second < 120; second++) {
    uses.note(KEY)
    await uses.settled()
    await clock.advance(1_000)
  }
  expect(written).toHaveLength(2)
  expect(written[1]!.atMs - written[0]!.atMs).toBe(60_000)
})

it('lets requests pass when the store does not take it', async () => {
  const warnings: unknown[] = []
  const noteUses = () => Promise.reject(new Error('down'))
  const uses = createKeyUses({ noteUses }, createTestClock(), { warn: (fields: unknown) => void warnings.push(fields) })
  uses.note(KEY)
  await uses.settled()
  expect(warnings).toHaveLength(1)
})
