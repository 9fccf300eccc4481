import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { Type } from '@sinclair/typebox'
import { body } from './route-shapes.ts'

/** How much a pull reads. Everything, until the incremental sync is there: that is more than was asked for, never less. */
export const HowToPull = body(
  {
    mode: Type.Optional(Type.Union([Type.Literal('incremental'), Type.Literal('full')])),
    since: Type.Optional(
      Type.String({
        maxLength: 40,
        pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$',
        description: 'RFC 3339: only what changed since then',
      }),
    ),
  },
  { examples: [{ mode: 'incremental' }] },
)

/** The command's arguments: the body's members, of which the schema let only known ones through. */
export function pullArguments(requested: unknown): Readonly<Record<string, unknown>> {
  const { since, ...others } = (requested ?? {}) as { since?: string } & Record<string, unknown>
  if (since === undefined) return others
  const ms = Date.parse(since)
  if (Number.isNaN(ms)) {
    const problems = [{ path: '/since', message: 'is no date' }]
    throw new AppError('VALIDATION_FAILED', '/since: is no date', { problems })
  }
  return { ...others, since: new Date(ms).toISOString() }
}
