import { expect, it } from 'vitest'
import type { CommandType } from './command.ts'
import { newCommandRow } from './command-row.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function expiresAfter(type: CommandType, expiresMs: number | null = null): number {
  const input = { commandId: 'c', tenantId: 't', pageId: 1, facebookPageId: '42', conversationKey: null }
  const requestedBy = { kind: 'service', id: 's' } as const
  const row = newCommandRow({ ...input, type, arguments: {}, requestedBy, trigger: 'api', expiresMs }, 1_000)
  return row.expires_ms - 1_000
}

it.each<[CommandType, number]>([
  ['message.send', DAY_MS],
  ['page.full_sync', HOUR_MS],
  ['conversation.sync_messages', HOUR_MS],
  ['page.update', 7 * DAY_MS],
  ['conversation.mute', 7 * DAY_MS],
  ['comment.private_reply', 7 * DAY_MS],
])('%s expires after %i ms where nobody said when', (type, ms) => {
  expect(expiresAfter(type)).toBe(ms)
})

it('expires when its caller says so', () => {
  expect(expiresAfter('page.update', 5_000)).toBe(4_000)
})
