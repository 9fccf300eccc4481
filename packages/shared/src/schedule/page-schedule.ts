import { type PageRow, pageSettings } from '../store/repositories/rows.ts'

/** When a page is synced by itself: cron patterns of five fields in a time zone; null: not at all. */
export interface PageSchedule {
  /** Everything anew. */
  readonly full: string | null
  /** What is new since the last sync. */
  readonly incremental: string | null
  /** IANA name. */
  readonly timezone: string
}

const DEFAULT_PATTERNS = { full: '0 2 * * *', incremental: '*/15 * * * *' } as const

/** In the time zone of the page, where the schedule has none of its own. */
export const pageSchedule = (page: Pick<PageRow, 'schedule' | 'settings'>): PageSchedule => ({
  ...DEFAULT_PATTERNS,
  timezone: pageSettings(page).timezone,
  ...page.schedule,
})
