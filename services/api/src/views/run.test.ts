import { expect, it } from 'vitest'
import { runCounts } from './run.ts'

it('takes the counts of a pull', () => {
  const result = { synced_count: 5, created_count: 2, updated_count: 1, unchanged_count: 2, messages: [{}, {}] }
  expect(runCounts(result)).toEqual({ synced: 5, created: 2, updated: 1, unchanged: 2 })
})

it("takes the numbers of a full sync's parts", () => {
  const sync_results = {
    contacts: { success: true, synced_count: 40 },
    conversations: [{ id: 1, messages_synced: 3 }],
    conversations_total: 41,
    messages_total: 600,
    errors: [{}],
  }
  expect(runCounts({ page_id: 1, sync_results })).toEqual({ contacts: 40, conversations: 41, messages: 600, errors: 1 })
})

it('counts nothing where there is no result', () => {
  expect(runCounts(null)).toEqual({})
  expect(runCounts({ sync_results: 'odd' })).toEqual({})
})
