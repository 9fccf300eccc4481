/** Headers of every record: CloudEvents 1.0 in Kafka's binary mode, with W3C trace context (`model/cloud-event.ts`). */
export const CLOUD_EVENT_HEADERS = {
  type: 'object',
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: {
      type: 'string',
      minLength: 1,
      description: 'The same for a repeated record: what was seen can be skipped.',
    },
    ce_type: { type: 'string', minLength: 1 },
    ce_source: { type: 'string', description: 'Who wrote it, such as /pagesync/sync-worker.' },
    ce_time: { type: 'string', format: 'date-time' },
    ce_subject: { type: 'string', description: "Facebook's id of the page; empty where none can be known." },
    'content-type': { const: 'application/json' },
    pagesync_replay_of: { type: 'string', description: 'A replayed record: the dead letter that it was.' },
    pagesync_attempts: { type: 'string', pattern: '^[0-9]+$', description: 'How often it had been tried by then.' },
    traceparent: { type: 'string', pattern: '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$' },
  },
  required: ['ce_specversion', 'ce_id', 'ce_type', 'ce_source', 'ce_time', 'ce_subject', 'content-type', 'traceparent'],
} as const

/** The envelope of one type, or of several where `ceType` is left out. */
export function headersOf(ceType?: string, channels?: readonly string[]): object {
  const properties = {
    ...(ceType === undefined ? {} : { ce_type: { const: ceType } }),
    ...(channels === undefined ? {} : { ce_channel: { enum: channels } }),
  }
  const required = channels === undefined ? [] : ['ce_channel']
  return { allOf: [{ $ref: '#/components/schemas/CloudEventHeaders' }, { type: 'object', properties, required }] }
}
