import { type Static, type TProperties, Type } from '@sinclair/typebox'
import { PageId, Psid } from './control-request.ts'

const text = Type.String({ maxLength: 20_000 })
const optional = Type.Optional
const watermark = optional(Type.Integer({ minimum: 0, description: 'ms; now unless given' }))

/** What every kind takes. */
const COMMON = {
  facebook_page_id: optional(PageId),
  timestamp_ms: optional(Type.Integer({ minimum: 0, description: 'When it happened; now unless given' })),
  deliveries: optional(Type.Integer({ minimum: 0, maximum: 100 })),
  wait: optional(Type.Boolean()),
  standby: optional(Type.Boolean({ description: 'As a `standby` item, whoever controls the thread' })),
}

const event = <Kind extends string, Properties extends TProperties>(kind: Kind, properties: Properties) =>
  Type.Object({ kind: Type.Literal(kind), ...COMMON, ...properties }, { additionalProperties: false })

const person = { psid: Psid }
const anything = Type.Record(Type.String(), Type.Unknown())

/** Every kind of event that `POST /_control/events` makes (facts section 1.6). */
export const EVENT_SCHEMAS = {
  message_edit: event('message_edit', { mid: Type.String(), text, quoted_num_edit: optional(Type.Boolean()) }),
  message_delete: event('message_delete', { mid: Type.String() }),
  message_reaction: event('message_reaction', {
    mid: Type.String(),
    action: optional(Type.Union([Type.Literal('react'), Type.Literal('unreact')])),
    reaction: optional(Type.String()),
    emoji: optional(Type.String()),
  }),
  delivery: event('delivery', { ...person, mids: optional(Type.Array(Type.String())), watermark }),
  read: event('read', { ...person, watermark }),
  postback: event('postback', {
    ...person,
    title: optional(Type.String()),
    payload: optional(Type.String()),
    referral: optional(anything),
  }),
  optin: event('optin', { ...person, optin: optional(anything) }),
  referral: event('referral', { ...person, referral: optional(anything) }),
  pass_thread_control: event('pass_thread_control', {
    ...person,
    app_id: optional(Type.String()),
    metadata: optional(text),
  }),
  take_thread_control: event('take_thread_control', {
    ...person,
    app_id: optional(Type.String()),
    metadata: optional(text),
  }),
  request_thread_control: event('request_thread_control', {
    ...person,
    app_id: optional(Type.String()),
    metadata: optional(text),
  }),
  app_roles: event('app_roles', { app_roles: optional(anything) }),
  account_linking: event('account_linking', {
    ...person,
    status: optional(Type.Union([Type.Literal('linked'), Type.Literal('unlinked')])),
    authorization_code: optional(Type.String()),
  }),
  policy_enforcement: event('policy_enforcement', {
    action: optional(Type.Union(['warning', 'block', 'unblock'].map((action) => Type.Literal(action)))),
    reason: optional(text),
    old_spelling: optional(Type.Boolean()),
  }),
  response_feedback: event('response_feedback', {
    ...person,
    mid: optional(Type.String()),
    feedback: optional(Type.String()),
  }),
  feed: event('feed', {
    item: optional(Type.String()),
    verb: optional(Type.String()),
    psid: optional(Psid),
    message: optional(text),
    post_id: optional(Type.String()),
    comment_id: optional(Type.String()),
    parent_id: optional(Type.String()),
    value: optional(anything),
  }),
  inbox_labels: event('inbox_labels', {
    ...person,
    label: Type.String({ minLength: 1 }),
    action: optional(Type.Union([Type.Literal('add'), Type.Literal('remove')])),
  }),
  page_field: event('page_field', {
    field: Type.String({ minLength: 1 }),
    value: optional(Type.Unknown()),
    without_value: optional(Type.Boolean({ description: '`{"field": …}` alone; the page changes all the same' })),
    changed_fields: optional(Type.Boolean({ description: 'The form with "Include Values" off' })),
  }),
  permission: event('permission', {
    permission: Type.String(),
    verb: optional(Type.Union([Type.Literal('granted'), Type.Literal('revoked')])),
  }),
  messaging: event('messaging', { ...person, field: optional(Type.String()), content: anything }),
  unknown: event('unknown', {
    object: optional(Type.String()),
    entry_id: optional(Type.String()),
    field: optional(Type.String()),
    channel: optional(Type.Union(['messaging', 'standby', 'changes'].map((channel) => Type.Literal(channel)))),
    item: Type.Unknown(),
  }),
} as const

export type EventKind = keyof typeof EVENT_SCHEMAS
export type EventOf<Kind extends EventKind> = Static<(typeof EVENT_SCHEMAS)[Kind]>
