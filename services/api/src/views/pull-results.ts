import { Type } from '@sinclair/typebox'
import { FacebookId, Id, nullable, Time, wordOf } from './shapes.ts'

/**
 * What each pull answers beside `success`. The worker makes these (`CommandRow.result`); here they are documented, and
 * the tests hold the worker's answers against them.
 */

const PulledPage = Type.Object({
  id: Id,
  facebook_page_id: FacebookId,
  name: nullable(Type.String()),
  category: nullable(Type.String()),
  about: nullable(Type.String()),
  phone: nullable(Type.String()),
  website: nullable(Type.String()),
  fan_count: nullable(Type.Integer()),
  synced_at: nullable(Time),
  changed_fields: Type.Array(Type.String(), { examples: [['about']] }),
  /** Facebook refuses them to the page: what was known of them stays. */
  dropped_fields: Type.Array(Type.String(), { examples: [[]] }),
})

const Counts = {
  synced_count: Type.Integer(),
  created_count: Type.Integer(),
  updated_count: Type.Integer(),
  unchanged_count: Type.Integer(),
}

export const PULL_RESULTS = {
  'page.sync_details': { page: PulledPage },
  'page.sync_contacts': {
    ...Counts,
    contacts: Type.Array(
      Type.Object({ id: Id, name: nullable(Type.String()), facebook_id: FacebookId, created: Type.Boolean() }),
      { description: 'At most 200 of them; all are stored' },
    ),
  },
  'page.sync_conversations': {
    ...Counts,
    conversations: Type.Array(
      Type.Object({
        id: Id,
        facebook_conversation_id: nullable(Type.String()),
        participant_name: nullable(Type.String()),
        updated_time: nullable(Time),
        created: Type.Boolean(),
      }),
    ),
  },
  'page.full_sync': {
    page_id: Id,
    sync_results: Type.Object({
      page_details: Type.Object({
        success: Type.Boolean(),
        page: Type.Optional(PulledPage),
        error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
      }),
      contacts: Type.Object({ success: Type.Boolean(), synced_count: Type.Integer() }),
      conversations: Type.Array(Type.Object({ id: nullable(Id), messages_synced: Type.Integer() }), {
        description: 'The first 1,000',
      }),
      conversations_total: Type.Integer(),
      errors: Type.Array(
        Type.Object({
          conversation_id: nullable(Type.Union([Type.Integer(), Type.String()])),
          code: Type.String(),
          message: Type.String(),
        }),
      ),
    }),
    graph_calls: Type.Integer(),
    duration_ms: Type.Integer(),
    synced_at: Time,
  },
  'conversation.sync_messages': {
    ...Counts,
    messages: Type.Array(
      Type.Object({
        id: Id,
        facebook_message_id: Type.String(),
        created: Type.Boolean(),
        from: Type.Object({ facebook_id: nullable(FacebookId), name: nullable(Type.String()) }),
        created_time: Time,
      }),
      { description: 'The newest 200; all are stored' },
    ),
  },
  'conversation.sync_status': {
    unread_count: Type.Integer(),
    message_count: Type.Integer(),
    can_reply: nullable(Type.Boolean()),
    folder: nullable(Type.String()),
    status: wordOf(['open', 'closed', 'archived']),
    labels: Type.Array(Type.String()),
    synced_at: Time,
  },
} as const
