import type { Change } from '../model/change.ts'
import type { Store } from '../store/collection.ts'
import type { ErasureRow } from '../store/repositories/privacy-rows.ts'
import type { Tombstones } from '../store/repositories/tombstones.ts'

export interface ErasureDeps {
  readonly store: Store
  readonly tombstones: Tombstones
  readonly announce: (changes: readonly Change[]) => Promise<void>
  readonly now: () => number
  readonly signal?: AbortSignal
}

export interface StepOutcome {
  readonly removed: number
  /** Where to go on; null: the step is done. */
  readonly next: string | null
}

/** One part of an erasure. Each call does a bounded piece, and doing it again does no harm. */
export interface ErasureStep {
  readonly name: string
  run(job: ErasureRow, cursor: string | null, deps: ErasureDeps): Promise<StepOutcome>
}

/** A piece of this size takes some milliseconds. */
export const ROWS_AT_ONCE = 500
/** Payloads are up to 1 MB each. */
export const LETTERS_AT_ONCE = 20
