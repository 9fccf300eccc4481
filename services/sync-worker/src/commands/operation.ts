import type { Counting } from '@pagesync/shared/counting/counting.ts'
import type { PageGraph } from '@pagesync/shared/graph/page-graph.ts'
import type { PageGraphWrites } from '@pagesync/shared/graph/page-graph-writes.ts'
import type { TokenReport } from '@pagesync/shared/graph/token-inspection.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { Automations } from '@pagesync/shared/store/repositories/automations.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { CommandProgress, CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SendEchoes } from '@pagesync/shared/store/repositories/send-echoes.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import type { NoteFaqSend } from '../automations/note-faq-send.ts'
import type { KeepOutOfPulls } from '../privacy/keep-out-of-pulls.ts'

/** What an operation works with: one command of one page, within the page's lease and budget. */
export interface OperationContext {
  readonly page: PageRow
  /** As it stood when this attempt began. */
  readonly command: CommandRow
  readonly graph: PageGraph
  readonly writes: PageGraphWrites
  /** False while the page's token is dead: then only what needs no call can be settled. */
  readonly connected: boolean
  readonly echoes: SendEchoes
  readonly pushSettings: PushSettings
  /** Asks Facebook about the page's token, see `createTokenInspection`. */
  readonly inspectToken: () => Promise<TokenReport>
  /** The page's token lives again: what waited for it is looked at now. */
  readonly wakePage: () => Promise<void>
  /** Sets the page's timers going where they are not. */
  readonly armTimers: (page: PageRow) => Promise<void>
  /** Asks for something else, for later or at once. The same id asks once. */
  readonly submit: (command: NewCommand) => Promise<void>
  /** Once the answer of an FAQ that a person chose has arrived. */
  readonly noteFaqSend: NoteFaqSend
  /** The rules of pages, as they stand now. */
  readonly automations: Pick<Automations, 'automations' | 'keywords' | 'instantReplies' | 'faqs'>
  readonly pages: Pages
  readonly synced: SyncedCollections
  readonly counting: Counting
  /** What of a pull must not be stored. */
  readonly keepOut: KeepOutOfPulls
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

export interface PushSettings {
  /** Our app at Facebook; null where it is not configured. */
  readonly appId: string | null
  /** After so long without an echo Facebook is asked what became of a send. */
  readonly sendEchoMs: number
}

export interface OperationOutcome {
  /** The members of the HTTP answer beside `success`. */
  readonly result: Readonly<Record<string, unknown>>
  /** True when some part failed: `partially_succeeded`, HTTP 207. */
  readonly partial?: boolean
}

/** Something was sent and nobody knows whether it arrived: it is looked at again at `dueMs`, and never just repeated. */
export interface Unconfirmed {
  readonly unconfirmed: { readonly dueMs: number; readonly reason: string }
}

/**
 * Does what a command asks. Repeatable: it may be started again from its last checkpoint at any time. Throws AppError;
 * its kind decides whether the command waits or fails.
 */
export type Operation = (context: OperationContext) => Promise<OperationOutcome | Unconfirmed>
