import { hash } from 'node:crypto'
import { WEBHOOK_FIELDS } from '@pagesync/shared/graph/webhook-fields.ts'
import type { ChangeType } from '@pagesync/shared/model/change.ts'
import { entityChange } from '@pagesync/shared/model/entity-change.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'

/** What was found before anything was changed: a repeated attempt goes on from it. */
interface Finding {
  /** Ours that Facebook does not send; empty where all is well. */
  readonly missing: readonly string[]
  /** Those it sends, ours and others. */
  readonly present: readonly string[]
  readonly before: PageRow['webhook_subscribed']
  readonly last_event_ms: number | null
}

/**
 * Sees to it that Facebook sends us the page's events. Facebook ends a subscription by itself when its deliveries fail
 * for an hour, and tells nothing again of what it could not deliver: the gap is filled by reading.
 */
export const subscribePageWebhooks: Operation = async (context) => {
  const { command, writes } = context
  // It is the first that runs for a page that was connected, also again.
  await context.armTimers(context.page)
  const finding = (command.checkpoint as Finding | null) ?? (await look(context))
  const { missing, present, before } = finding
  if (missing.length === 0 && before === true) return { result: describe(finding, null) }
  if (command.checkpoint === null) await context.save(finding, { phase: 'webhooks', done: 0, total: 1 })
  if (isLost(finding)) await noteLost(finding, context)
  if (missing.length > 0) await writes.subscribe([...new Set([...present, ...WEBHOOK_FIELDS])])
  const row = await setSubscribed(true, context)
  if (row.webhook_subscribed && (before !== true || isLost(finding)))
    await tell('page.updated', row, { webhook_subscribed: true }, context)
  return { result: describe(finding, missing.length > 0 ? await fillGap(finding, context) : null) }
}

async function look({ graph, page, pages, pushSettings }: OperationContext): Promise<Finding> {
  const present = await graph.subscribedFields(pushSettings.appId)
  return {
    missing: WEBHOOK_FIELDS.filter((field) => !present.includes(field)),
    present,
    before: page.webhook_subscribed,
    last_event_ms: await pages.lastEventMs(page.id),
  }
}

/** A field that we did not use before is no loss; without messages nothing of what we are for arrives. */
const isLost = ({ missing }: Finding): boolean => missing.includes('messages')

async function noteLost({ before, missing, last_event_ms }: Finding, context: OperationContext): Promise<void> {
  const row = await setSubscribed(false, context)
  // Never subscribed, or found before: nothing was lost now.
  if (before !== true) return
  const lastEventAt = last_event_ms === null ? null : new Date(last_event_ms).toISOString()
  const fields = { webhook_subscribed: false, missing_fields: missing, last_event_at: lastEventAt }
  await tell('page.webhook_unsubscribed', row, fields, context)
}

/** A page that was disconnected meanwhile is not subscribed, whatever Facebook said: nothing of it is taken in. */
const setSubscribed = (subscribed: boolean, { pages, page }: OperationContext): Promise<PageRow> =>
  pages.update(page.tenant_id, page.id, (row) =>
    row.webhook_subscribed === subscribed || row.status === 'disconnected'
      ? null
      : { ...row, webhook_subscribed: subscribed },
  )

/** Deliveries fail for an hour before Facebook gives up: what came later than this before the last event may be missing. */
const GAP_BEFORE_LAST_EVENT_MS = 3_600_000

/** An incremental sync from the last event on. A page that never synced and never had an event has no gap. */
async function fillGap(
  { last_event_ms }: Finding,
  { page, command, submit }: OperationContext,
): Promise<string | null> {
  if (last_event_ms === null && page.last_synced_ms === null) return null
  const since = last_event_ms === null ? null : new Date(last_event_ms - GAP_BEFORE_LAST_EVENT_MS).toISOString()
  const commandId = `gap_${hash('sha256', command._id, 'hex').slice(0, 40)}`
  await submit({
    commandId,
    tenantId: page.tenant_id,
    pageId: page.id,
    facebookPageId: page.facebook_page_id,
    conversationKey: null,
    type: 'page.full_sync',
    arguments: { mode: 'incremental', ...(since === null ? {} : { since }) },
    requestedBy: { kind: 'system', id: 'webhook_gap' },
    trigger: 'webhook',
  })
  return commandId
}

function tell(
  type: ChangeType,
  row: PageRow,
  fields: Readonly<Record<string, unknown>>,
  { announce, command, clock }: OperationContext,
): Promise<void> {
  const cause = { command_id: command.command_id }
  // By the command: repeated after a crash it is the same announcement.
  const distinction = command.command_id
  return announce([entityChange(row, row, { type, cause, fields, distinction, atMs: clock.now() })])
}

const describe = ({ missing }: Finding, gapCommandId: string | null): Readonly<Record<string, unknown>> => ({
  subscribed: true,
  fields: WEBHOOK_FIELDS,
  added_fields: missing,
  gap_command_id: gapCommandId,
})
