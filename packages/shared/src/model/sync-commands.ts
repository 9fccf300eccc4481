import type { CommandType } from './command.ts'

/** The commands that read from Facebook what a page has: its sync history, and what "runs" are counted of. */
export const SYNC_TYPES: ReadonlySet<CommandType> = new Set([
  'page.sync_details',
  'page.sync_contacts',
  'page.sync_conversations',
  'page.full_sync',
  'conversation.sync_messages',
  'conversation.sync_status',
] as const)
