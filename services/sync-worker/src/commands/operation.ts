import type { PageGraph } from '@pagesync/shared/graph/page-graph.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { CommandProgress, CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Sequences } from '@pagesync/shared/store/repositories/sequences.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'

/** What an operation works with: one command of one page, within the page's lease and budget. */
export interface OperationContext {
  readonly page: PageRow
  /** As it stood when this attempt began. */
  readonly command: CommandRow
  readonly graph: PageGraph
  readonly pages: Pages
  readonly synced: SyncedCollections
  readonly sequences: Sequences
  readonly clock: Clock
  readonly logger: Logger
  /** Fires when the lease is lost, the command is cancelled or the worker stops. */
  readonly signal: AbortSignal
  /**
   * Keeps where to go on. What came before it is not done again after a crash.
   *
   * @throws AppError LEASE_LOST or COMMAND_CANCELLED: stop at once, write nothing more
   */
  readonly save: (checkpoint: unknown, progress: CommandProgress) => Promise<void>
  readonly announce: (changes: readonly Change[]) => Promise<void>
}

export interface OperationOutcome {
  /** The members of the HTTP answer beside `success`. */
  readonly result: Readonly<Record<string, unknown>>
  /** True when some part failed: `partially_succeeded`, HTTP 207. */
  readonly partial?: boolean
}

/**
 * Does what a command asks. Repeatable: it may be started again from its last checkpoint at any time. Throws AppError;
 * its kind decides whether the command waits or fails.
 */
export type Operation = (context: OperationContext) => Promise<OperationOutcome>
