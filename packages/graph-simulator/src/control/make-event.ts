import type { Delivery } from '../webhooks/deliver-parcel.ts'
import type { Notice } from '../webhooks/notice.ts'
import type { SimulatedPage, World } from '../world.ts'
import { ControlError, checked, pageNamed } from './control-request.ts'
import { EVENT_MAKERS } from './event-makers.ts'
import { EVENT_SCHEMAS, type EventKind, type EventOf } from './event-schemas.ts'
import { feedEvent } from './feed-event.ts'

export interface MadeEvent {
  readonly webhooks: readonly Delivery[]
  /** Of a comment that was added. */
  readonly comment_id?: string
}

interface Made {
  readonly notice: Notice | undefined
  readonly commentId?: string
}

/** `POST /_control/events`: something happens on Facebook; its webhook is delivered. */
export async function makeEvent(world: World, body: unknown): Promise<MadeEvent> {
  const { notice, commentId, deliveries, wait } = prepared(world, body)
  const sending =
    notice === undefined || deliveries === 0 ? Promise.resolve([]) : world.webhooks.send([notice], deliveries)
  const webhooks = wait ? await sending : []
  return { webhooks, ...(commentId === undefined ? {} : { comment_id: commentId }) }
}

/** `POST /_control/events/batch`: several events in one body, one `entry` each. */
export async function makeEvents(world: World, bodies: readonly unknown[], deliveries: number): Promise<MadeEvent> {
  const notices = bodies.map((body) => prepared(world, body).notice).filter((notice) => notice !== undefined)
  return { webhooks: notices.length === 0 ? [] : await world.webhooks.send(notices, deliveries) }
}

function prepared(world: World, body: unknown) {
  const kind = kindOf(body)
  const given = checked(EVENT_SCHEMAS[kind], body)
  const page = pageNamed(world, given.facebook_page_id)
  const at = given.timestamp_ms ?? world.clock.now()
  const { notice, commentId } = made(world, page, kind, given, at)
  const standby = notice !== undefined && given.standby === true
  return {
    notice: standby ? { ...notice, channel: 'standby' as const, field: 'standby' } : notice,
    commentId,
    deliveries: given.deliveries ?? 1,
    wait: given.wait !== false,
  }
}

function made(world: World, page: SimulatedPage, kind: EventKind, given: unknown, at: number): Made {
  if (kind === 'feed') return feedEvent(page, given as EventOf<'feed'>, at)
  // The schema of the kind has checked `given`; the compiler cannot follow that through the table.
  const maker = EVENT_MAKERS[kind] as (
    world: World,
    page: SimulatedPage,
    given: unknown,
    at: number,
  ) => Notice | undefined
  return { notice: maker(world, page, given, at) }
}

function kindOf(body: unknown): EventKind {
  const kind = (body as { kind?: unknown } | null | undefined)?.kind
  if (typeof kind === 'string' && Object.hasOwn(EVENT_SCHEMAS, kind)) return kind as EventKind
  throw new ControlError(400, 'The request is not valid', [`/kind: one of ${Object.keys(EVENT_SCHEMAS).join(', ')}`])
}
