/**
 * The webhook fields of a page that we use: what `subscribed_apps` is asked for, and looked through for what is missing.
 * Names from Meta's `pagesubscribed_apps_subscribed_fields_enum_param`; `about` and `fan_count` have none.
 */
export const WEBHOOK_FIELDS = [
  'messages',
  'message_echoes',
  'message_edits',
  'message_reactions',
  'message_deliveries',
  'message_reads',
  'messaging_postbacks',
  'messaging_optins',
  'messaging_referrals',
  'messaging_handovers',
  'messaging_account_linking',
  'messaging_policy_enforcement',
  'standby',
  'feed',
  'inbox_labels',
  'name',
  'category',
  'phone',
  'website',
] as const
