import { RETENTION_DEFAULTS } from '@pagesync/shared/model/retention.ts'
import { pageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import type { StoredSettings } from '@pagesync/shared/store/repositories/tenant-settings.ts'
import { type Static, Type } from '@sinclair/typebox'
import { PageSettings } from './page.ts'

/** Longer than the topics keep anything, so that a topic that is read again runs nothing twice. */
export const LEDGER_DAYS_MIN = 8
export const DAYS_MAX = 3_650

const days = (minimum: number) => Type.Integer({ minimum, maximum: DAYS_MAX })

export const Settings = Type.Object(
  {
    retention: Type.Object({
      messages_days: Type.Union([days(1), Type.Null()], { description: 'Null: for good' }),
      raw_events_days: days(1),
      ledger_days: days(LEDGER_DAYS_MIN),
      audit_days: days(1),
    }),
    page_defaults: PageSettings,
  },
  { $id: 'Settings', description: 'What a tenant decides for itself' },
)
export type Settings = Static<typeof Settings>

export function presentSettings({ retention, page_defaults }: StoredSettings): Settings {
  return {
    retention: { ...RETENTION_DEFAULTS, ...retention },
    page_defaults: pageSettings({ settings: page_defaults }),
  }
}
