import { Type } from '@sinclair/typebox'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { nextScheduledMs } from '../next-scheduled.ts'
import { readPage } from '../read-statistics.ts'
import { errors, PageParams, success } from '../route-shapes.ts'
import { findRunningSync, RunningSync } from '../running-sync.ts'
import { PageStatus, TokenStatus } from '../views/page.ts'
import { Id, nullable, rfc3339OrNull, Time } from '../views/shapes.ts'
import { SyncFrequency, syncFrequency } from '../views/sync-frequency.ts'

const SyncStatus = {
  page: Type.Object({
    id: Id,
    name: nullable(Type.String()),
    status: PageStatus,
    last_synced_at: nullable(Time),
    token_status: TokenStatus,
    token_expires_at: nullable(Time),
    data_access_expires_at: nullable(Time),
    webhook: Type.Object({ subscribed: nullable(Type.Boolean()), last_event_at: nullable(Time) }),
  }),
  statistics: Type.Object({
    total_conversations: Type.Integer(),
    total_contacts: Type.Integer(),
    total_messages: Type.Integer(),
    last_sync: nullable(Time),
    sync_frequency: SyncFrequency,
    next_scheduled_at: nullable(Time),
  }),
  running: nullable(RunningSync),
}

export const registerSyncStatus: RegisterRoutes = (api, context) => {
  api.get(
    '/pages/:pageId/sync-status',
    {
      config: { access: 'read' },
      schema: {
        tags: ['sync'],
        summary: 'How far the page is in sync, and what runs now',
        params: PageParams,
        response: { 200: success(SyncStatus), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await context.ownership.page(callerOf(request), request.params.pageId)
      const [counted, lastEventMs, running] = await Promise.all([
        readPage(page, context),
        context.pages.lastEventMs(page.id),
        runningSync(context, page.id),
      ])
      const counts = counted.totals
      const lastSyncedAt = rfc3339OrNull(page.last_synced_ms)
      return {
        success: true as const,
        page: {
          id: page.id,
          name: page.name,
          status: page.status,
          last_synced_at: lastSyncedAt,
          token_status: page.token_status,
          token_expires_at: rfc3339OrNull(page.token_expires_ms),
          data_access_expires_at: rfc3339OrNull(page.data_access_expires_ms),
          webhook: { subscribed: page.webhook_subscribed, last_event_at: rfc3339OrNull(lastEventMs) },
        },
        statistics: {
          total_conversations: counts.conversations ?? 0,
          total_contacts: counts.contacts ?? 0,
          total_messages: counts.messages ?? 0,
          last_sync: lastSyncedAt,
          sync_frequency: syncFrequency(counted.windows),
          next_scheduled_at: rfc3339OrNull(nextScheduledMs(page, context.cronTimes, context.clock.now())),
        },
        running,
      }
    },
  )
}

/** All of them: equal ones share one command, and nobody may ask for so many that differ within the hour they last. */
const OPEN_MAX = 1_000

async function runningSync({ ledger, clock }: ApiContext, pageId: number) {
  return findRunningSync(await ledger.openOfLane(pageId, 'sync', OPEN_MAX), clock.now())
}
