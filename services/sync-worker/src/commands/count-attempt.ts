import type { Counting } from '@pagesync/shared/counting/counting.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
import { SYNC_TYPES } from '@pagesync/shared/model/sync-commands.ts'
import type { CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'

/** Counts what one attempt cost, and, if it was the last, what became of the command. */
export function countAttempt(
  { page }: { readonly page: PageRow },
  row: CommandRow,
  graphCalls: number,
  { counting }: { readonly counting: Counting },
): void {
  counting.count(page, 'graph_calls', graphCalls, { total: true })
  // Ended by somebody else, or not ended: then it is not this attempt's to count.
  if (!isFinal(row.state) || row.finished_ms === null) return
  if (SYNC_TYPES.has(row.type)) countRun(page, row, row.finished_ms, counting)
  const automatic = row.requested_by.kind === 'automation'
  if (automatic) counting.count(page, 'automation_triggers', 1, { total: true })
  const isReply = row.type === 'message.send' || row.type === 'comment.private_reply'
  if (!isReply || row.state !== 'succeeded') return
  counting.count(page, 'replies_sent', 1, { total: true })
  if (automatic) counting.count(page, 'automatic_replies', 1, { total: true })
}

function countRun(page: PageRow, row: CommandRow, finishedMs: number, counting: Counting): void {
  const at = { atMs: finishedMs }
  counting.count(page, 'sync_runs', 1, { ...at, total: true })
  counting.count(page, 'sync_duration_ms', finishedMs - (row.started_ms ?? row.accepted_ms), at)
  counting.count(page, 'first_run_ms', finishedMs, at)
  counting.count(page, 'last_run_ms', finishedMs, at)
  if (row.state !== 'succeeded') counting.count(page, 'sync_failures', 1, at)
}
