import { PAGE_INBOX_APP_ID } from '../data/generated-message.ts'
import { setLabel } from '../graph/labels.ts'
import { messageOfId, personOfPsid } from '../graph/people.ts'
import { changeOwner } from '../graph/thread-control.ts'
import type { Notice } from '../webhooks/notice.ts'
import { changesNotice, fromCustomer, fromPage, messagingNotice, midOf } from '../webhooks/page-events.ts'
import type { SimulatedPage, World } from '../world.ts'
import { ControlError } from './control-request.ts'
import type { EventKind, EventOf } from './event-schemas.ts'

/** Changes Facebook's side as the event says and makes what the webhook tells of it. */
type Maker<Kind extends EventKind> = (
  world: World,
  page: SimulatedPage,
  given: EventOf<Kind>,
  at: number,
) => Notice | undefined

export function placeOf(page: SimulatedPage, psid: string) {
  const person = personOfPsid(page, psid)
  if (person === undefined) throw new ControlError(404, `Page ${page.id} knows nobody with PSID ${psid}`)
  return { page, person, conversation: page.store.conversationsOf(person)[0]?.number }
}

export function messageNamed(page: SimulatedPage, mid: string) {
  const found = messageOfId(page, mid)
  if (found === undefined) throw new ControlError(404, `Page ${page.id} has no message ${mid}`)
  const person = found.message.author ?? page.store.view(found.conversation)?.people[0]
  if (person === undefined) throw new ControlError(404, `The conversation of message ${mid} has no customer`)
  return { ...found, place: { page, person, conversation: found.conversation } }
}

const openWindow = (page: SimulatedPage, conversation: number | undefined, at: number) => {
  if (conversation !== undefined) page.store.openWindow(conversation, at)
}

/** An event of a customer that changes nothing but the window. */
const simple = (
  world: World,
  page: SimulatedPage,
  psid: string,
  at: number | undefined,
  field: string,
  content: Record<string, unknown>,
) => {
  const place = placeOf(page, psid)
  return messagingNotice(world, place, field, fromCustomer(world, place, at, content))
}

const message_edit: Maker<'message_edit'> = (world, page, given, at) => {
  const { conversation, serial, message, place } = messageNamed(page, given.mid)
  const edits = (message.edits ?? 0) + 1
  page.store.changeMessage(conversation, serial, (old) => ({ ...old, text: given.text, edits }))
  const content = {
    mid: midOf(world, page, conversation, message),
    text: given.text,
    num_edit: given.quoted_num_edit ? String(edits) : edits,
  }
  return messagingNotice(world, place, 'message_edits', fromCustomer(world, place, at, { message_edit: content }))
}

const message_delete: Maker<'message_delete'> = (world, page, given, at) => {
  const { conversation, serial, message, place } = messageNamed(page, given.mid)
  page.store.changeMessage(conversation, serial, ({ serial: same, createdAt, author }) => ({
    serial: same,
    createdAt,
    author,
    deleted: true,
  }))
  const content = { mid: midOf(world, page, conversation, message), is_deleted: true }
  const own = message.author === undefined
  const item = own
    ? fromPage(world, place, at, { message: { is_echo: true, ...content } })
    : fromCustomer(world, place, at, { message: content })
  return messagingNotice(world, place, own ? 'message_echoes' : 'messages', item)
}

const message_reaction: Maker<'message_reaction'> = (world, page, given, at) => {
  const { conversation, serial, message, place } = messageNamed(page, given.mid)
  const { action = 'react', reaction = 'love', emoji = '❤️' } = given
  page.store.changeMessage(conversation, serial, (old) => {
    const others = (old.reactions ?? []).filter(({ author }) => author !== place.person)
    return { ...old, reactions: action === 'react' ? [...others, { author: place.person, emoji, reaction }] : others }
  })
  openWindow(page, conversation, at)
  const mid = midOf(world, page, conversation, message)
  const content = action === 'react' ? { mid, action, emoji, reaction } : { mid, action }
  return messagingNotice(world, place, 'message_reactions', fromCustomer(world, place, at, { reaction: content }))
}

const delivery: Maker<'delivery'> = (world, page, { psid, mids, watermark }, at) =>
  // The documented sample has no timestamp.
  simple(world, page, psid, undefined, 'message_deliveries', {
    delivery: { ...(mids ? { mids } : {}), watermark: watermark ?? at },
  })

const read: Maker<'read'> = (world, page, { psid, watermark }, at) =>
  simple(world, page, psid, at, 'message_reads', { read: { watermark: watermark ?? at } })

const postback: Maker<'postback'> = (world, page, given, at) => {
  const place = placeOf(page, given.psid)
  openWindow(page, place.conversation, at)
  const { title = 'Get Started', payload = 'GET_STARTED', referral } = given
  const mid =
    place.conversation === undefined
      ? undefined
      : page.store.ids.messages.encode(place.conversation, page.store.nextSerial(place.conversation))
  const content = { ...(mid === undefined ? {} : { mid }), title, payload, ...(referral ? { referral } : {}) }
  return messagingNotice(world, place, 'messaging_postbacks', fromCustomer(world, place, at, { postback: content }))
}

const optin: Maker<'optin'> = (world, page, given, at) => {
  const token = { notification_messages_token: '6390483749', notification_messages_status: 'RESUME_NOTIFICATIONS' }
  const byDefault = {
    type: 'notification_messages',
    payload: 'news',
    title: 'News',
    token_expiry_timestamp: at + 31_536_000_000,
    ...token,
  }
  return simple(world, page, given.psid, at, 'messaging_optins', { optin: given.optin ?? byDefault })
}

const referral: Maker<'referral'> = (world, page, given, at) => {
  openWindow(page, placeOf(page, given.psid).conversation, at)
  const byDefault = { ref: 'summer', source: 'SHORTLINK', type: 'OPEN_THREAD' }
  return simple(world, page, given.psid, at, 'messaging_referrals', { referral: given.referral ?? byDefault })
}

/** Another app, the Page Inbox unless named, passes or takes control. */
const handover =
  (event: 'pass_thread_control' | 'take_thread_control') =>
  (
    world: World,
    page: SimulatedPage,
    given: EventOf<'pass_thread_control'> | EventOf<'take_thread_control'>,
  ): Notice => {
    const { person, conversation } = placeOf(page, given.psid)
    if (conversation === undefined) throw new ControlError(409, `PSID ${given.psid} has no conversation`)
    return changeOwner(world, page, conversation, person, given.app_id ?? PAGE_INBOX_APP_ID, event, given.metadata)
  }

const request_thread_control: Maker<'request_thread_control'> = (world, page, given, at) => {
  const { psid, app_id = PAGE_INBOX_APP_ID, metadata } = given
  const content = { requested_owner_app_id: app_id, ...(metadata === undefined ? {} : { metadata }) }
  return simple(world, page, psid, at, 'messaging_handovers', { request_thread_control: content })
}

/** Events of the page itself: no sender. */
const ofPage = (page: SimulatedPage, at: number, field: string, content: Record<string, unknown>): Notice => ({
  page,
  entryId: page.id,
  field,
  channel: 'messaging',
  item: { recipient: { id: page.id }, timestamp: at, ...content },
  key: page.id,
})

const app_roles: Maker<'app_roles'> = (world, page, given, at) =>
  ofPage(page, at, 'messaging_handovers', { app_roles: given.app_roles ?? { [world.app.id]: ['primary_receiver'] } })

const policy_enforcement: Maker<'policy_enforcement'> = (_world, page, given, at) => {
  const { action = 'block', reason = 'The page does not follow our policies', old_spelling } = given
  const content = action === 'unblock' ? { action } : { action, reason }
  return ofPage(page, at, 'messaging_policy_enforcement', {
    [old_spelling ? 'policy-enforcement' : 'policy_enforcement']: content,
  })
}

const account_linking: Maker<'account_linking'> = (world, page, given, at) => {
  const { psid, status = 'linked', authorization_code = 'PASS_THROUGH' } = given
  const content = status === 'linked' ? { status, authorization_code } : { status }
  return simple(world, page, psid, at, 'messaging_account_linking', { account_linking: content })
}

const response_feedback: Maker<'response_feedback'> = (world, page, given, at) => {
  const { psid, mid, feedback = 'Good response' } = given
  return simple(world, page, psid, at, 'response_feedback', {
    response_feedback: { feedback, ...(mid ? { mid } : {}) },
  })
}

const inbox_labels: Maker<'inbox_labels'> = (_world, page, given) => {
  const { person } = placeOf(page, given.psid)
  const label = page.labels.byName(given.label) ?? page.labels.create(given.label)
  return setLabel(page, label, person, given.action !== 'remove')
}

const page_field: Maker<'page_field'> = (_world, page, given) => {
  if (given.value !== undefined) page.details[given.field] = given.value
  if (given.changed_fields) return changesNotice(page, given.field, undefined, 'changed_fields')
  return changesNotice(page, given.field, given.without_value ? undefined : given.value)
}

const permission: Maker<'permission'> = (world, page, given) => {
  const { permission: name, verb = 'granted' } = given
  for (const token of world.tokens.ofPage(page.id)) {
    if (verb === 'revoked') token.scopes.delete(name)
    else token.scopes.add(name)
  }
  const item = { field: name, value: { verb: verb === 'revoked' ? 'revoke' : 'granted', target_ids: [page.id] } }
  return {
    page: undefined,
    entryId: world.user.id,
    object: 'permissions',
    field: name,
    channel: 'changes',
    item,
    key: 'permissions',
  }
}

const messaging: Maker<'messaging'> = (world, page, given, at) =>
  simple(world, page, given.psid, at, given.field ?? 'messages', given.content)

const unknown: Maker<'unknown'> = (_world, page, given) => {
  const own = given.entry_id === undefined || given.entry_id === page.id
  return {
    page: own && given.field !== undefined ? page : undefined,
    entryId: given.entry_id ?? page.id,
    ...(given.object === undefined ? {} : { object: given.object }),
    field: given.field ?? 'unknown',
    channel: (given.channel ?? 'messaging') as Notice['channel'],
    item: given.item,
    key: page.id,
  }
}

type Makers = { readonly [Kind in Exclude<EventKind, 'feed'>]: Maker<Kind> }

export const EVENT_MAKERS: Makers = {
  message_edit,
  message_delete,
  message_reaction,
  delivery,
  read,
  postback,
  optin,
  referral,
  pass_thread_control: handover('pass_thread_control'),
  take_thread_control: handover('take_thread_control'),
  request_thread_control,
  app_roles,
  account_linking,
  policy_enforcement,
  response_feedback,
  inbox_labels,
  page_field,
  permission,
  messaging,
  unknown,
}
