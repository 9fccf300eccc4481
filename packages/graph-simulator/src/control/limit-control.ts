import { setTimeout as delay } from 'node:timers/promises'
import { Type } from '@sinclair/typebox'
import type { ThrottleCode } from '../graph/throttle-errors.ts'
import { defaultSwitches } from '../switches/default-switches.ts'
import { SwitchesSchema } from '../switches/switches.ts'
import type { World } from '../world.ts'
import { ControlError, checked, PageId, pageNamed } from './control-request.ts'

const CODES = [4, 17, 32, 341, 613, 80001, 80006] as const satisfies readonly ThrottleCode[]
const KINDS = ['pages', 'messenger', 'app'] as const

const LimitSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(PageId),
    kind: Type.Optional(Type.Union(KINDS.map((kind) => Type.Literal(kind)))),
    percent: Type.Optional(Type.Union([Type.Null(), Type.Integer({ minimum: 0, maximum: 100 })])),
    throttle: Type.Optional(
      Type.Object(
        {
          code: Type.Union(CODES.map((code) => Type.Literal(code))),
          minutes: Type.Integer({ minimum: 0, maximum: 10_080 }),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
)

/** `PUT /_control/limits`: makes the usage headers say a percentage, or refuses calls for some minutes of the clock. */
export function changeLimits(world: World, body: unknown) {
  const given = checked(LimitSchema, body)
  if (given.percent === undefined && given.throttle === undefined) {
    throw new ControlError(400, 'The request is not valid', ['body: percent or throttle'])
  }
  const { kind = 'messenger' } = given
  const page = kind === 'app' ? null : pageNamed(world, given.facebook_page_id).id
  if (given.percent !== undefined) world.usage.force(page, kind, given.percent ?? undefined)
  if (given.throttle !== undefined) world.usage.throttle(page, kind, given.throttle.code, given.throttle.minutes)
  return { headers: world.usage.headers(page) }
}

const ClockSchema = Type.Object(
  {
    advance_ms: Type.Optional(Type.Integer({ minimum: 0, maximum: 315_360_000_000 })),
    set: Type.Optional(Type.Union([Type.String(), Type.Integer()], { description: 'ISO time or ms since 1970' })),
  },
  { additionalProperties: false },
)

export const readClock = ({ clock }: World) => ({ now: new Date(clock.now()).toISOString(), now_ms: clock.now() })

/** `POST /_control/clock`: moves the simulator's time; answers when the webhooks that became due have been tried. */
export async function moveClock(world: World, body: unknown) {
  const given = checked(ClockSchema, body)
  if ((given.advance_ms === undefined) === (given.set === undefined)) {
    throw new ControlError(400, 'The request is not valid', ['body: either advance_ms or set'])
  }
  if (given.advance_ms !== undefined) world.clock.advance(given.advance_ms)
  else {
    const to = typeof given.set === 'number' ? given.set : Date.parse(given.set!)
    if (Number.isNaN(to)) throw new ControlError(400, 'The request is not valid', ['/set: not a time'])
    world.clock.set(to)
  }
  // A retry at once is scheduled on the next turn.
  await delay(1)
  await world.webhooks.idle()
  return readClock(world)
}

/** `PUT /_control/switches` */
export const changeSwitches = (world: World, body: unknown) =>
  Object.assign(world.switches, checked(Type.Partial(SwitchesSchema, { additionalProperties: false }), body))

/** `DELETE /_control/switches`: all back to their defaults. */
export const resetSwitches = (world: World) => Object.assign(world.switches, defaultSwitches())
