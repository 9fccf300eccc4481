import { isTimeZone } from '@pagesync/shared/automations/wall-clock.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { type PageSettings, pageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'

const Label = Type.Optional(
  Type.Union([Type.String({ minLength: 1, maxLength: 80, pattern: '^\\S(.*\\S)?$' }), Type.Null()]),
)

/** Settings of a page, or the defaults of a tenant's pages: members that are not named stay, null gives the default back. */
export const PageSettingsBody = Type.Object(
  {
    mirror_labels: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
    archived_label: Label,
    muted_label: Label,
    timezone: Type.Optional(
      Type.Union([Type.String({ minLength: 1, maxLength: 64, examples: ['Asia/Phnom_Penh'] }), Type.Null()]),
    ),
    automation_pause_minutes: Type.Optional(Type.Union([Type.Integer({ minimum: 0, maximum: 10_080 }), Type.Null()])),
  },
  { additionalProperties: false },
)

/** What is stored, with what was given; null removes. */
export function mergedSettings<V>(
  stored: Readonly<Record<string, V>>,
  given: Readonly<Record<string, V | null | undefined>>,
): Record<string, V> {
  const next: Record<string, V> = { ...stored }
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) delete next[name]
    else next[name] = value
  }
  return next
}

/** @throws AppError VALIDATION_FAILED where both states would be the same label */
export function assertLabelsDiffer(settings: Partial<PageSettings>, path: string): void {
  const { archived_label, muted_label } = pageSettings({ settings })
  if (archived_label.toLowerCase() !== muted_label.toLowerCase()) return
  const problems = [{ path, message: 'must differ from the other label' }]
  throw new AppError('VALIDATION_FAILED', `${path}: must differ from the other label`, { problems })
}

/** @throws AppError VALIDATION_FAILED where no such time zone is known */
export function assertTimeZone({ timezone }: Partial<PageSettings>, path: string): void {
  if (timezone === undefined || isTimeZone(timezone)) return
  const problems = [{ path: `${path}/timezone`, message: 'is no IANA time zone, such as Asia/Phnom_Penh' }]
  throw new AppError('VALIDATION_FAILED', `${path}/timezone: ${problems[0]?.message}`, { problems })
}
