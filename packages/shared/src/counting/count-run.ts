import { isFinal } from '../model/command.ts'
import { SYNC_TYPES } from '../model/sync-commands.ts'
import type { CommandRow } from '../store/repositories/rows.ts'
import type { Counting } from './counting.ts'

/** Counts a sync that ended, for whoever ended it: its run, or before it ran. All else is no run. */
export function countRun(row: CommandRow, counting: Pick<Counting, 'count'>): void {
  const { finished_ms: finishedMs } = row
  if (!SYNC_TYPES.has(row.type) || !isFinal(row.state) || finishedMs === null) return
  const page = { id: row.page_id, tenant_id: row.tenant_id }
  const at = { atMs: finishedMs }
  counting.count(page, 'sync_runs', 1, { ...at, total: true })
  counting.count(page, 'sync_duration_ms', finishedMs - (row.started_ms ?? finishedMs), at)
  counting.count(page, 'first_run_ms', finishedMs, at)
  counting.count(page, 'last_run_ms', finishedMs, at)
  if (row.state !== 'succeeded') counting.count(page, 'sync_failures', 1, at)
}
