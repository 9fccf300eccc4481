import { type PageRow, pageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { FacebookId, Id, nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

export const PageStatus = wordOf(['active', 'paused', 'reauth_required', 'disconnected'])
export const TokenStatus = wordOf(['valid', 'expiring', 'invalid', 'unknown'])

export const PageSettings = Type.Object({
  mirror_labels: Type.Boolean({
    description:
      "Archived and muted conversations are shown at Facebook as labels of the person, and people's labels here",
  }),
  archived_label: Type.String({ examples: ['Archived'] }),
  muted_label: Type.String({ examples: ['Muted'] }),
  timezone: Type.String({
    examples: ['Asia/Phnom_Penh'],
    description: 'Of its automations, and of its schedule where that has none of its own',
  }),
  automation_pause_minutes: Type.Integer({
    description: 'After a person answered in a conversation, automations are silent in it for so long',
  }),
})

export const Page = Type.Object(
  {
    id: Id,
    facebook_page_id: FacebookId,
    name: nullable(Type.String()),
    category: nullable(Type.String()),
    about: nullable(Type.String()),
    phone: nullable(Type.String()),
    website: nullable(Type.String()),
    fan_count: nullable(Type.Integer()),
    status: PageStatus,
    token_status: TokenStatus,
    webhook_subscribed: nullable(Type.Boolean()),
    settings: PageSettings,
    details_synced_at: nullable(Time),
    last_synced_at: nullable(Time),
    connected_at: Time,
  },
  { $id: 'Page', description: 'A Facebook Page that is connected' },
)
export type Page = Static<typeof Page>

export function presentPage(row: PageRow): Page {
  return {
    id: row.id,
    facebook_page_id: row.facebook_page_id,
    name: row.name,
    category: row.category,
    about: row.about,
    phone: row.phone,
    website: row.website,
    fan_count: row.fan_count,
    status: row.status,
    token_status: row.token_status,
    webhook_subscribed: row.webhook_subscribed,
    settings: pageSettings(row),
    details_synced_at: rfc3339OrNull(row.details_synced_ms),
    last_synced_at: rfc3339OrNull(row.last_synced_ms),
    connected_at: rfc3339(row.created_ms),
  }
}
