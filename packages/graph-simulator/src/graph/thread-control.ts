import type { Notice } from '../webhooks/notice.ts'
import { fromCustomer, messagingNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage, World } from '../world.ts'
import { requirePageToken, requireScope } from './access.ts'
import { GraphError, invalidParameter } from './graph-error.ts'
import { asObject, type GraphContext, json, text } from './graph-request.ts'
import { personOfPsid } from './people.ts'

/** A thread falls back to idle after this time without control being renewed. */
const CONTROL_MS = 24 * 3_600_000

function prepare(context: GraphContext, page: SimulatedPage) {
  requirePageToken(context, page)
  requireScope(context, 'pages_messaging')
  const given = text(context.request, 'recipient') ?? ''
  // A bare PSID is more than a number can hold.
  const psid = /^\d+$/.test(given) ? given : String(asObject(json(context.request, 'recipient'))?.id ?? '')
  const person = personOfPsid(page, psid)
  if (person === undefined) throw invalidParameter('No matching user found', 2018001)
  const conversation = page.store.conversationsOf(person)[0]
  if (conversation === undefined) throw invalidParameter('No matching user found', 2018001)
  const owner =
    conversation.owner !== undefined && conversation.owner.expiresAt > context.world.clock.now()
      ? conversation.owner
      : undefined
  return { person, conversation: conversation.number, owner, app: context.world.app.id }
}

const notOwner = (): GraphError =>
  new GraphError(100, '(#100) Thread control operation failed: your app does not control this thread.', {
    subcode: 2534037,
  })

/** Changes who controls a thread; the apps hear of it, the one that loses it and the one that gets it. */
export function changeOwner(
  world: World,
  page: SimulatedPage,
  conversation: number,
  person: number,
  appId: string,
  event: 'pass_thread_control' | 'take_thread_control',
  metadata?: string,
): Notice {
  const now = world.clock.now()
  const before = page.store.view(conversation)?.owner
  page.store.setOwner(conversation, { appId, expiresAt: now + CONTROL_MS })
  const content = {
    previous_owner_app_id: before !== undefined && before.expiresAt > now ? before.appId : null,
    ...(event === 'pass_thread_control' ? { new_owner_app_id: appId } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  }
  // No conversation in the place: a handover goes to `messaging` of all apps, whoever controls the thread now.
  const place = { page, person }
  return messagingNotice(world, place, 'messaging_handovers', fromCustomer(world, place, now, { [event]: content }))
}

/** `GET /{page-id}/thread_owner?recipient=` */
export function readOwner(context: GraphContext, page: SimulatedPage) {
  const { owner } = prepare(context, page)
  if (owner === undefined) return { data: [] }
  return { data: [{ thread_owner: { app_id: owner.appId, expiration: Math.floor(owner.expiresAt / 1000) } }] }
}

const tell = ({ world }: GraphContext, notice: Notice) => setImmediate(() => void world.webhooks.send([notice]))

/** `POST /{page-id}/pass_thread_control` */
export function pass(context: GraphContext, page: SimulatedPage) {
  const { person, conversation, owner, app } = prepare(context, page)
  const target = text(context.request, 'target_app_id')
  if (target === undefined || !/^\d+$/.test(target)) throw invalidParameter('The parameter target_app_id is required')
  if (owner !== undefined && owner.appId !== app) throw notOwner()
  tell(
    context,
    changeOwner(
      context.world,
      page,
      conversation,
      person,
      target,
      'pass_thread_control',
      text(context.request, 'metadata'),
    ),
  )
  return { success: true }
}

/** `POST /{page-id}/take_thread_control` */
export function take(context: GraphContext, page: SimulatedPage) {
  const { person, conversation, app } = prepare(context, page)
  tell(
    context,
    changeOwner(
      context.world,
      page,
      conversation,
      person,
      app,
      'take_thread_control',
      text(context.request, 'metadata'),
    ),
  )
  return { success: true }
}

/** `POST /{page-id}/request_thread_control` */
export function request(context: GraphContext, page: SimulatedPage) {
  const { owner, app } = prepare(context, page)
  if (owner?.appId === app) throw invalidParameter('Your app already controls this thread')
  return { success: true }
}

/** `POST /{page-id}/release_thread_control` */
export function release(context: GraphContext, page: SimulatedPage) {
  const { conversation, owner, app } = prepare(context, page)
  if (owner !== undefined && owner.appId !== app) throw notOwner()
  page.store.setOwner(conversation, undefined)
  return { success: true }
}

/** `POST /{page-id}/extend_thread_control` */
export function extend(context: GraphContext, page: SimulatedPage) {
  const { conversation, owner, app } = prepare(context, page)
  if (owner?.appId !== app) throw notOwner()
  const duration = Number(text(context.request, 'duration') ?? 86_400)
  if (!Number.isInteger(duration) || duration < 1 || duration > 604_800)
    throw invalidParameter('Param duration must be from 1 to 604800 seconds')
  page.store.setOwner(conversation, { appId: app, expiresAt: context.world.clock.now() + duration * 1000 })
  return { success: true }
}
