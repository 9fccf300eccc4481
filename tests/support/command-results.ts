import type { Decide, Outcome } from './finish-command.ts'

const COUNTS = { synced_count: 2, created_count: 1, updated_count: 1, unchanged_count: 0 }
const PAGE = {
  id: 1,
  facebook_page_id: '100',
  name: 'Angkor Coffee',
  category: 'Café',
  about: null,
  phone: null,
  website: null,
  fan_count: 12,
  synced_at: '2026-01-08T10:30:00.000Z',
  changed_fields: ['about'],
  dropped_fields: [],
}

/** A result of each pull, as the contract has it. */
export const RESULTS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'page.sync_details': { page: PAGE },
  'page.sync_contacts': { ...COUNTS, contacts: [{ id: 1, name: 'Sokha', facebook_id: '70001', created: true }] },
  'page.sync_conversations': {
    ...COUNTS,
    conversations: [
      {
        id: 1,
        facebook_conversation_id: 't_1',
        participant_name: 'Sokha',
        updated_time: '2026-01-08T10:30:00.000Z',
        created: false,
      },
    ],
  },
  'page.full_sync': {
    page_id: 1,
    sync_results: {
      page_details: { success: true, page: PAGE },
      contacts: { success: true, synced_count: 2 },
      conversations: [{ id: 1, messages_synced: 600 }],
      conversations_total: 1,
      messages_total: 600,
      errors: [],
    },
    graph_calls: 3,
    duration_ms: 1234,
    synced_at: '2026-01-08T10:30:00.000Z',
  },
  'conversation.sync_messages': {
    ...COUNTS,
    messages: [
      {
        id: 1,
        facebook_message_id: 'm_1',
        created: true,
        from: { facebook_id: '70001', name: 'Sokha' },
        created_time: '2026-01-08T10:30:00.000Z',
      },
    ],
  },
  'conversation.sync_status': {
    unread_count: 1,
    message_count: 5,
    can_reply: true,
    folder: 'inbox',
    status: 'open',
    labels: [],
    synced_at: '2026-01-08T10:30:00.000Z',
  },
  'page.update': {
    message: 'Page updated successfully',
    outcome: 'applied_remote',
    updated_fields: ['about'],
    unchanged_fields: ['phone'],
  },
  'conversation.archive': { message: 'Conversation archived', outcome: 'applied_as_label' },
  'conversation.unarchive': {
    message: 'Conversation unarchived',
    outcome: 'applied_local_only',
    reason: 'the label is off for this page',
  },
  'conversation.mute': {
    message: 'Conversation muted until 9999-12-31T23:59:59.000Z',
    outcome: 'applied_local_only',
    reason: 'the label is off for this page',
    muted_until: 'PERMANENTLY',
  },
  'conversation.unmute': { message: 'Conversation unmuted', outcome: 'applied_local_only', muted_until: null },
  'conversation.mark_read': { message: 'Conversation marked as read', outcome: 'applied_remote', unread_count: 0 },
  'conversation.thread_control': { message: 'Thread taken', outcome: 'applied_remote' },
  'message.send': { message: 'Message sent', outcome: 'applied_remote', facebook_message_id: 'm_mid.sent' },
  'comment.private_reply': { message: 'Reply sent', outcome: 'applied_remote', facebook_message_id: 'm_mid.sent' },
}

export const succeed: Decide = (row): Outcome => ({ state: 'succeeded', result: RESULTS[row.type]! })
