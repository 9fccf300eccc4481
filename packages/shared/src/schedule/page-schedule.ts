/** When a page is synced by itself: cron patterns of five fields in a time zone; null: not at all. */
export interface PageSchedule {
  /** Everything anew. */
  readonly full: string | null
  /** What is new since the last sync. */
  readonly incremental: string | null
  /** IANA name. */
  readonly timezone: string
}

const DEFAULT_SCHEDULE: PageSchedule = { full: '0 2 * * *', incremental: '*/15 * * * *', timezone: 'UTC' }

export const pageSchedule = ({ schedule }: { readonly schedule?: Partial<PageSchedule> }): PageSchedule => ({
  ...DEFAULT_SCHEDULE,
  ...schedule,
})
