import type { Counting } from '@pagesync/shared/counting/counting.ts'
import type { GraphClient } from '@pagesync/shared/graph/graph-client.ts'
import type { BudgetRates } from '@pagesync/shared/graph/page-budget.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import type { Automations } from '@pagesync/shared/store/repositories/automations.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SendEchoes } from '@pagesync/shared/store/repositories/send-echoes.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import type { NoteFaqSend } from '../automations/note-faq-send.ts'
import type { KeepOutOfPulls } from '../privacy/keep-out-of-pulls.ts'
import type { PushSettings } from './operation.ts'
import type { PageLeases } from './page-leases.ts'

export interface RunnerDeps {
  readonly workerId: string
  readonly ledger: Ledger
  readonly leases: PageLeases
  readonly pages: Pages
  readonly synced: SyncedCollections
  readonly counting: Counting
  readonly keepOut: KeepOutOfPulls
  readonly echoes: SendEchoes
  readonly pushSettings: PushSettings
  readonly noteFaqSend: NoteFaqSend
  /** The rules of pages, as they stand now. */
  readonly automations: Pick<Automations, 'automations' | 'keywords' | 'instantReplies' | 'faqs'>
  /** See `createOpenTokens`. */
  readonly accessToken: Pages['accessToken']
  readonly appSecret: string
  readonly graphClient: GraphClient
  readonly rates: BudgetRates
  readonly clock: Clock
  readonly logger: Logger
  /** Sets the page's timers going, where this worker starts scheduled work. */
  readonly armTimers: (page: PageRow) => Promise<void>
  readonly announce: (changes: readonly Change[]) => Promise<void>
}
