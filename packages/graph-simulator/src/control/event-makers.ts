import type { Maker } from './event-maker.ts'
import type { EventKind } from './event-schemas.ts'
import { message_delete, message_edit, message_reaction } from './message-events.ts'
import { app_roles, inbox_labels, page_field, permission, policy_enforcement, unknown } from './page-events.ts'
import {
  account_linking,
  delivery,
  handover,
  messaging,
  optin,
  postback,
  read,
  referral,
  request_thread_control,
  response_feedback,
} from './person-events.ts'

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
