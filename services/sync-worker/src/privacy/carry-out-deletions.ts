import type { Eraser } from '@pagesync/shared/erasure/eraser.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { GraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { idsForPages, type PageScopedId } from '@pagesync/shared/graph/ids-for-pages.ts'
import { backOffMs } from '@pagesync/shared/lifecycle/back-off.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Collection } from '@pagesync/shared/store/collection.ts'
import type { Accounts } from '@pagesync/shared/store/repositories/accounts.ts'
import type { AuditLog } from '@pagesync/shared/store/repositories/audit-log.ts'
import type { AccountRow } from '@pagesync/shared/store/repositories/connection-rows.ts'
import type { DeletionRequests } from '@pagesync/shared/store/repositories/deletion-requests.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { DeletionRequestRow } from '@pagesync/shared/store/repositories/privacy-rows.ts'
import { type ContactRow, conversationKey, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'

export interface DeletionDeps {
  readonly requests: DeletionRequests
  readonly auditLog: Pick<AuditLog, 'append'>
  readonly accounts: Pick<Accounts, 'ofUser' | 'disconnect' | 'erase'>
  readonly pages: Pick<Pages, 'list' | 'disconnect'>
  readonly pageRows: Collection<PageRow>
  readonly contacts: Collection<ContactRow>
  readonly eraser: Pick<Eraser, 'eraseContact' | 'erasePerson'>
  readonly graph: GraphClient
  /** `{app id}|{app secret}`; null where the app's id is not configured. */
  readonly appToken: string | null
  readonly clock: Clock
  readonly logger: Logger
}

const REQUESTS_AT_ONCE = 20
const ROWS_AT_ONCE = 500
/** Whoever works at one keeps the others off for so long. */
const WORKING_MS = 60_000
const ATTEMPTS_MAX = 12
const RETRY = { baseMs: 10_000, maxMs: 3_600_000 }
/** Facebook tells whole seconds. */
const SECOND_MS = 1_000

/** Does what Facebook asked for in people's names. Repeatable from its beginning; any number of workers may do it. */
export async function carryOutDeletions(deps: DeletionDeps, signal: AbortSignal): Promise<void> {
  const { requests, clock, logger } = deps
  for (const due of await requests.due(clock.now(), REQUESTS_AT_ONCE)) {
    if (signal.aborted) return
    const row = await requests.save({ ...due, due_ms: clock.now() + WORKING_MS, attempts: due.attempts + 1 })
    if (!row) continue
    const ended = await carryOut(row, deps, signal)
    await requests.save(ended)
    if (ended.finished_ms !== null)
      logger.info({ kind: row.kind, accounts: ended.accounts, problem: ended.problem }, 'facebook user let go')
  }
}

async function carryOut(row: DeletionRequestRow, deps: DeletionDeps, signal: AbortSignal): Promise<DeletionRequestRow> {
  const accounts = row.accounts + (await letGo(row, deps))
  const finished = { ...row, accounts, due_ms: null, facebook_user_id: null, finished_ms: deps.clock.now() }
  if (row.kind === 'deauthorization') return finished
  try {
    const erasures = await eraseAtPages(await knownAs(row, deps, signal), deps)
    return { ...finished, erasures: [...new Set([...row.erasures, ...erasures])] }
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'bug') throw error
    // Facebook tells it to some apps alone: then nobody can say which contacts they are.
    const isOver = error.kind === 'permanent' || row.attempts >= ATTEMPTS_MAX
    if (isOver) return { ...finished, problem: error.code }
    return { ...row, accounts, due_ms: deps.clock.now() + backOffMs(row.attempts, RETRY), problem: error.code }
  }
}

/** Accounts connected since Facebook asked are new consents: they stay. */
async function letGo(row: DeletionRequestRow, deps: DeletionDeps): Promise<number> {
  const { accounts, clock } = deps
  const found = await accounts.ofUser(row.facebook_user_id ?? '')
  const theirs = found.filter(({ connected_ms }) => connected_ms < row.issued_ms + SECOND_MS)
  for (const account of theirs) {
    await disconnectPages(account, deps)
    if (row.kind === 'deletion') await accounts.erase(account)
    else await accounts.disconnect(account, clock.now())
    await noteInAuditLog(row, account, deps)
  }
  return theirs.length
}

/** The tenant sees who let go of its account. Once for each, however often this is begun anew. */
async function noteInAuditLog(
  { asked_by }: DeletionRequestRow,
  { id, tenant_id }: AccountRow,
  { auditLog, clock }: DeletionDeps,
): Promise<void> {
  if (!asked_by) return
  const what = { method: 'POST', ...asked_by, params: { account_id: String(id) }, status: 200, code: null, times: 1 }
  const actor = { actor_kind: 'facebook', actor_id: 'facebook' } as const
  await auditLog.append([{ _id: `au_${asked_by.request_id}/${id}`, tenant_id, at_ms: clock.now(), ...actor, ...what }])
}

/**
 * Their tokens are dead at Facebook already, so it cannot be asked to send nothing more: what comes is dropped. A page
 * that was given a token of its own since lives on by that.
 */
async function disconnectPages(account: AccountRow, { pages, clock }: DeletionDeps): Promise<void> {
  for (let after: PageRow | undefined; ; ) {
    const rows: PageRow[] = await pages.list(account.tenant_id, 'id', ROWS_AT_ONCE, after)
    for (const row of rows)
      if (row.account_key === account._id && row.token_of_account !== false && row.status !== 'disconnected')
        await pages.disconnect(row, clock.now())
    after = rows.at(-1)
    if (rows.length < ROWS_AT_ONCE || !after) return
  }
}

async function knownAs(
  { facebook_user_id }: DeletionRequestRow,
  { graph, appToken }: DeletionDeps,
  signal: AbortSignal,
): Promise<PageScopedId[]> {
  if (appToken === null) throw new AppError('FACEBOOK_MISCONFIGURED', 'FB_APP_ID is not set')
  return idsForPages(graph, appToken, facebook_user_id ?? '', signal)
}

/** At every tenant that has, or had, the page. */
async function eraseAtPages(ids: readonly PageScopedId[], deps: DeletionDeps): Promise<string[]> {
  const { pageRows, contacts, eraser } = deps
  const erasures: string[] = []
  for (const { psid, facebookPageId } of ids) {
    const query = { index: 'byFacebookPage', equals: { facebook_page_id: facebookPageId }, limit: ROWS_AT_ONCE }
    for (const page of await pageRows.find(query)) {
      const [contact] = await contacts.getMany([conversationKey(page.id, psid)])
      const row = contact ? await eraser.eraseContact(page, contact) : await eraser.erasePerson(page, psid)
      erasures.push(row._id)
    }
  }
  return erasures
}
