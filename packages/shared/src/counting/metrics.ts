/** Names of what is counted by the hour, beside rows. */

/** With a bucket's number behind it: how long customers waited for any answer, and for a person's. */
export const RESPONSES = 'response_'
export const PERSON_RESPONSES = 'person_response_'

/** Sums that callers may see as a series; in the hour in which they happened, messages in that of their own time. */
export const SERIES_SUMS = {
  messages_in: 'Messages from customers, by their own time',
  messages_out: 'Messages of the page, by their own time',
  messages_webhook: 'Messages that a webhook told of first',
  messages_echo: "Messages of the page that an echo told of first: written elsewhere, or a send's echo that was faster",
  messages_sync: 'Messages that a pull found first',
  messages_send: "Messages that were sent from here, recorded with Facebook's answer",
  conversations: 'Conversations that were new here',
  contacts: 'Contacts that were new here',
  webhook_events: 'Events that webhooks told; what is handled again after a crash may be counted again',
  replies_sent: 'Sends that succeeded, private replies to comments included',
  automatic_replies: 'Of these, those that automations asked for',
  automation_triggers: 'Replies that automations asked for, when they were decided, whatever became of them',
  graph_calls: "Calls to Facebook for the page's commands",
  sync_runs: 'Syncs that ended, of any kind: also those that expired or were cancelled before they ran',
  sync_failures: 'Of these, those that did not succeed, or only in part',
  items_changed: 'Changes that syncs brought, as announced',
} as const
export type SeriesSum = keyof typeof SERIES_SUMS
