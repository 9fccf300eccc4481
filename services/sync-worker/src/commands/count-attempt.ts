import { countRun } from '@pagesync/shared/counting/count-run.ts'
import type { Counting } from '@pagesync/shared/counting/counting.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
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
  if (!isFinal(row.state)) return
  countRun(row, counting)
  const isReply = row.type === 'message.send' || row.type === 'comment.private_reply'
  if (!isReply || row.state !== 'succeeded') return
  counting.count(page, 'replies_sent', 1, { total: true })
  if (row.requested_by.kind === 'automation') counting.count(page, 'automatic_replies', 1, { total: true })
}
