import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { percentOf } from './views/command.ts'
import { nullable } from './views/shapes.ts'

export const RunningSync = Type.Object({
  command_id: Type.String(),
  phase: Type.String({ description: "The sync's own phase, or the command's state before it began" }),
  done: Type.Integer(),
  total: nullable(Type.Integer()),
  percent: nullable(Type.Integer()),
  eta_seconds: nullable(Type.Integer()),
})
export type RunningSync = Static<typeof RunningSync>

/** Of the page's open syncs the one that runs now; else the one that was asked for first; null without any. */
export function findRunningSync(open: readonly CommandRow[], nowMs: number): RunningSync | null {
  const syncs = open.toSorted((a, b) => a.accepted_ms - b.accepted_ms)
  const row = syncs.find(({ state }) => state === 'running') ?? syncs[0]
  return row ? describeRunning(row, nowMs) : null
}

function describeRunning(row: CommandRow, nowMs: number): RunningSync {
  const { phase, done, total } = row.progress ?? { phase: row.state, done: 0, total: null }
  return {
    command_id: row.command_id,
    phase,
    done,
    total,
    percent: percentOf({ done, total }),
    eta_seconds: etaSeconds({ done, total }, row.started_ms, nowMs),
  }
}

/** At the speed of the run so far. Null while that says nothing. */
export function etaSeconds(
  { done, total }: { readonly done: number; readonly total: number | null },
  startedMs: number | null,
  nowMs: number,
): number | null {
  if (total === null || startedMs === null || done <= 0 || nowMs <= startedMs) return null
  const left = Math.max(0, total - done)
  return Math.ceil((((nowMs - startedMs) / done) * left) / 1000)
}
