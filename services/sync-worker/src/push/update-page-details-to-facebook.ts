import type { Operation, OperationContext } from '../commands/operation.ts'
import { pullPageFields } from '../sync/sync-page-details-from-facebook.ts'
import { untilExpired } from './until-expired.ts'

const FIELDS = ['about', 'phone', 'website'] as const
type Field = (typeof FIELDS)[number]

type PulledFields = Awaited<ReturnType<typeof pullPageFields>>

/** Which fields the first attempt found to differ: a later one finds them as it left them itself. */
interface UpdateCheckpoint {
  readonly updating: readonly Field[]
}

/**
 * Changes the page's details at Facebook: only those that differ there now, read back afterwards, and stored here as
 * Facebook shows them. An empty string clears a field.
 */
export const updatePageDetailsToFacebook: Operation = async (context) => {
  const wanted = context.command.arguments as Partial<Record<Field, string>>
  const asked = FIELDS.filter((field) => wanted[field] !== undefined)
  const before = await pullPageFields(asked, 'live', context)
  const differing = asked.filter((field) => !isAsWanted(before, field, wanted))
  const { updating = [] } = (context.command.checkpoint ?? {}) as Partial<UpdateCheckpoint>
  const updated = asked.filter((field) => differing.includes(field) || updating.includes(field))
  const after = differing.length > 0 ? await update(differing, updated, wanted, asked, context) : before
  return {
    result: {
      message: 'Page updated successfully',
      outcome: asked.every((field) => isAsWanted(after, field, wanted))
        ? 'applied_remote'
        : 'applied_remote_unverified',
      updated_fields: updated,
      unchanged_fields: asked.filter((field) => !updated.includes(field)),
    },
  }
}

async function update(
  differing: readonly Field[],
  updating: readonly Field[],
  wanted: Partial<Record<Field, string>>,
  asked: readonly Field[],
  context: OperationContext,
): Promise<PulledFields> {
  const checkpoint: UpdateCheckpoint = { updating }
  await context.save(checkpoint, { phase: 'update', done: 0, total: updating.length })
  const fields = Object.fromEntries(differing.map((field) => [field, wanted[field] ?? '']))
  await untilExpired(context, (guard) => context.writes.updatePage(fields, guard))
  return pullPageFields(asked, 'live', context)
}

/** Facebook leaves out empty fields. One that we may not see is not known to be as wanted. */
function isAsWanted(
  { row, droppedFields }: PulledFields,
  field: Field,
  wanted: Partial<Record<Field, string>>,
): boolean {
  return !droppedFields.includes(field) && (row[field] ?? '') === wanted[field]
}
