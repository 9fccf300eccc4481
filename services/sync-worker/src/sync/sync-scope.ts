/** How much a sync looks at. */
export interface SyncScope {
  /** `full` looks at everything, also at what is known to be complete, and notes what Facebook no longer lists. */
  readonly mode: 'incremental' | 'full'
  /** Nothing older than this, whatever is known; null: as far as the watermark. */
  readonly sinceMs: number | null
}

/** Read off a command's arguments, which anybody may have written. */
export function syncScope(args: Readonly<Record<string, unknown>>): SyncScope {
  const sinceMs = typeof args.since === 'string' ? Date.parse(args.since) : Number.NaN
  return { mode: args.mode === 'full' ? 'full' : 'incremental', sinceMs: Number.isNaN(sinceMs) ? null : sinceMs }
}

/** Where a folder's walk may stop. */
export function floorOf(scope: SyncScope, watermarkMs: number | undefined): number | null {
  if (scope.sinceMs !== null) return scope.sinceMs
  return scope.mode === 'full' ? null : (watermarkMs ?? null)
}

/** A walk that began above the watermark leaves a gap below it: then the watermark stays. */
export function nextWatermark(
  scope: SyncScope,
  watermarkMs: number | undefined,
  doneUpToMs: number | null,
): number | undefined {
  const leavesGap = scope.sinceMs !== null && scope.sinceMs > (watermarkMs ?? Number.NEGATIVE_INFINITY)
  if (leavesGap || doneUpToMs === null) return watermarkMs
  return Math.max(watermarkMs ?? 0, doneUpToMs)
}
