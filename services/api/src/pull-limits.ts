import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { CommandType } from '@pagesync/shared/model/command.ts'
import { COMMAND_TRAITS } from '@pagesync/shared/model/command-row.ts'
import type { LimitKind, PageLimits } from '@pagesync/shared/store/repositories/page-limits.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'

const MINUTE_MS = 60_000

export interface PullLimitsConfig {
  readonly FULL_SYNC_EVERY_SECONDS?: number
  readonly PULLS_PER_MINUTE?: number
}

export interface Place {
  /** Why there is none; null when it is taken. */
  readonly refusal: AppError | null
  /** For what turned out to ask for nothing new. */
  giveBack(): Promise<void>
}

/** Takes a place for a pull that somebody asks for over HTTP. */
export type TakePlace = (page: PageRow, type: CommandType, nowMs: number) => Promise<Place>

const FREE: Place = { refusal: null, giveBack: async () => undefined }

/** Settings that are absent are no limit. */
export function createTakePlace(config: PullLimitsConfig, pageLimits: PageLimits): TakePlace {
  const { FULL_SYNC_EVERY_SECONDS: everySeconds = 0, PULLS_PER_MINUTE: pulls = 0 } = config
  const limits: Readonly<Record<LimitKind, { readonly max: number; readonly windowMs: number }>> = {
    full_sync: { max: everySeconds === 0 ? 0 : 1, windowMs: everySeconds * 1000 },
    pull: { max: pulls, windowMs: MINUTE_MS },
  }
  return async (page, type, nowMs) => {
    const kind = kindOf(page, type)
    if (kind === null || limits[kind].max === 0) return FREE
    const waitMs = await pageLimits.take(page.id, kind, nowMs, limits[kind])
    if (waitMs === null) return { refusal: null, giveBack: () => pageLimits.giveBack(page.id, kind, nowMs) }
    const options = { retryAfterMs: waitMs, limit: { name: kind, ...limits[kind] } }
    return { ...FREE, refusal: new AppError('RATE_LIMITED', MESSAGES[kind], options) }
  }
}

const MESSAGES: Readonly<Record<LimitKind, string>> = {
  full_sync: 'A full sync of this page was asked for a short while ago',
  pull: 'Too many pulls of this page were asked for in the last minute',
}

/** A page's first full sync is what connecting promised: it counts as any other pull. */
function kindOf({ last_synced_ms }: PageRow, type: CommandType): LimitKind | null {
  if (COMMAND_TRAITS[type].lane === 'push') return null
  return type === 'page.full_sync' && last_synced_ms !== null ? 'full_sync' : 'pull'
}
