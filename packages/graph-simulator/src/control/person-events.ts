import { PAGE_INBOX_APP_ID } from '../data/generated-message.ts'
import { changeOwner } from '../graph/thread-control.ts'
import type { Notice } from '../webhooks/notice.ts'
import { fromCustomer, messagingNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage, World } from '../world.ts'
import { ControlError } from './control-request.ts'
import { type Maker, openWindow, placeOf, simple } from './event-maker.ts'
import type { EventOf } from './event-schemas.ts'

export const delivery: Maker<'delivery'> = (world, page, { psid, mids, watermark }, at) =>
  // The documented sample has no timestamp.
  simple(world, page, psid, undefined, 'message_deliveries', {
    delivery: { ...(mids ? { mids } : {}), watermark: watermark ?? at },
  })

export const read: Maker<'read'> = (world, page, { psid, watermark }, at) =>
  simple(world, page, psid, at, 'message_reads', { read: { watermark: watermark ?? at } })

export const postback: Maker<'postback'> = (world, page, given, at) => {
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

export const optin: Maker<'optin'> = (world, page, given, at) => {
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

export const referral: Maker<'referral'> = (world, page, given, at) => {
  openWindow(page, placeOf(page, given.psid).conversation, at)
  const byDefault = { ref: 'summer', source: 'SHORTLINK', type: 'OPEN_THREAD' }
  return simple(world, page, given.psid, at, 'messaging_referrals', { referral: given.referral ?? byDefault })
}

/** Another app, the Page Inbox unless named, passes or takes control. */
export const handover =
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

export const request_thread_control: Maker<'request_thread_control'> = (world, page, given, at) => {
  const { psid, app_id = PAGE_INBOX_APP_ID, metadata } = given
  const content = { requested_owner_app_id: app_id, ...(metadata === undefined ? {} : { metadata }) }
  return simple(world, page, psid, at, 'messaging_handovers', { request_thread_control: content })
}

export const account_linking: Maker<'account_linking'> = (world, page, given, at) => {
  const { psid, status = 'linked', authorization_code = 'PASS_THROUGH' } = given
  const content = status === 'linked' ? { status, authorization_code } : { status }
  return simple(world, page, psid, at, 'messaging_account_linking', { account_linking: content })
}

export const response_feedback: Maker<'response_feedback'> = (world, page, given, at) => {
  const { psid, mid, feedback = 'Good response' } = given
  return simple(world, page, psid, at, 'response_feedback', {
    response_feedback: { feedback, ...(mid ? { mid } : {}) },
  })
}

export const messaging: Maker<'messaging'> = (world, page, given, at) =>
  simple(world, page, given.psid, at, given.field ?? 'messages', given.content)
