import { PAGE_FIELDS, type PageField } from '@pagesync/shared/graph/page-graph.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { entityChange } from '@pagesync/shared/model/entity-change.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'

/** The page's own fields, or only those asked for (`arguments.fields`). */
export const syncPageDetailsFromFacebook: Operation = async (context) => ({ result: await pullPageDetails(context) })

export async function pullPageDetails(
  context: OperationContext,
): Promise<{ readonly page: Readonly<Record<string, unknown>> }> {
  const asked = fieldsAskedFor(context.command.arguments.fields)
  const { row, changed, droppedFields } = await pullPageFields(asked, 'backfill', context)
  return { page: describePage(row, changed, droppedFields) }
}

/** Reads these fields of the page, stores them and announces what differs. */
export async function pullPageFields(
  asked: readonly PageField[],
  origin: Change['origin'],
  context: OperationContext,
): Promise<{
  readonly row: PageRow
  readonly changed: readonly PageField[]
  /** Not to be seen by us: what is stored of them may be old. */
  readonly droppedFields: readonly string[]
}> {
  const { page: pulled, requestedAtMs, droppedFields } = await context.graph.page(asked)
  const fields = asked.filter((field) => !droppedFields.includes(field))
  // "Empty fields are left out": a field that was asked for, was not refused and is missing is empty.
  const values: Partial<Pick<PageRow, PageField>> = Object.fromEntries(
    fields.map((field) => [field, pulled[field] ?? null]),
  )
  let changed: PageField[] = []
  const row = await context.pages.update(context.page.tenant_id, context.page.id, (stored) => {
    changed = fields.filter((field) => stored[field] !== values[field])
    return { ...stored, ...values, details_synced_ms: requestedAtMs }
  })
  if (changed.length > 0) await announceUpdate(row, changed, origin, context)
  return { row, changed, droppedFields }
}

function fieldsAskedFor(asked: unknown): readonly PageField[] {
  if (!Array.isArray(asked) || asked.length === 0) return PAGE_FIELDS
  return PAGE_FIELDS.filter((field) => asked.includes(field))
}

function announceUpdate(
  row: PageRow,
  changed: readonly PageField[],
  origin: Change['origin'],
  { announce, command, clock }: OperationContext,
): Promise<void> {
  const cause = { command_id: command.command_id }
  const fields = Object.fromEntries(changed.map((field) => [field, row[field]]))
  return announce([entityChange(row, row, { type: 'page.updated', cause, fields, origin, atMs: clock.now() })])
}

function describePage(
  row: PageRow,
  changed: readonly PageField[],
  dropped: readonly string[],
): Readonly<Record<string, unknown>> {
  const { id, facebook_page_id, name, category, about, phone, website, fan_count } = row
  const syncedAt = row.details_synced_ms === null ? null : new Date(row.details_synced_ms).toISOString()
  return {
    id,
    facebook_page_id,
    name,
    category,
    about,
    phone,
    website,
    fan_count,
    synced_at: syncedAt,
    changed_fields: changed,
    // Facebook refuses these to the page: what is known of them stays.
    dropped_fields: dropped,
  }
}
