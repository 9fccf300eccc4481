import { Type } from '@sinclair/typebox'
import { FaultSchema } from '../faults/fault-rules.ts'
import { SwitchesSchema } from '../switches/switches.ts'
import type { World } from '../world.ts'
import { ControlError, type ControlRequest, checked } from './control-request.ts'
import { writeMessage } from './write-message.ts'

type Handler = (world: World, request: ControlRequest) => unknown

const sinceOf = ({ query }: ControlRequest): number => {
  const since = Number(query.get('since') ?? 0)
  if (!Number.isInteger(since) || since < 0)
    throw new ControlError(400, 'The request is not valid', ['since: a whole number'])
  return since
}

const ROUTES: Record<string, Handler> = {
  'POST messages': (world, { body }) => writeMessage(world, body),
  'GET calls': (world, request) => ({
    calls: world.calls.list(sinceOf(request)),
    totals: world.calls.totals(),
    rate: world.usage.peaks(),
  }),
  'DELETE calls': (world) => {
    world.calls.clear()
    return { cleared: true }
  },
  'GET sent': (world, request) => ({ sent: world.sent.list(sinceOf(request)), total: world.sent.total() }),
  'DELETE sent': (world) => {
    world.sent.clear()
    return { cleared: true }
  },
  'POST faults': (world, { body }) => {
    const faults = checked(Type.Array(FaultSchema, { maxItems: 100 }), Array.isArray(body) ? body : [body])
    return { ids: faults.map((fault) => world.faults.add(fault)) }
  },
  'PUT switches': (world, { body }) => Object.assign(world.switches, checked(Type.Partial(SwitchesSchema), body)),
}

/** Runs one call of the control API. */
export async function control(world: World, request: ControlRequest): Promise<unknown> {
  const handler = ROUTES[`${request.method} ${request.path.join('/')}`]
  if (handler === undefined)
    throw new ControlError(404, `There is no ${request.method} /_control/${request.path.join('/')}`)
  return handler(world, request)
}
