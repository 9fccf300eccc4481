import { Type } from '@sinclair/typebox'
import { isPageField, PAGE_FIELDS } from '../graph/subscription-fields.ts'
import type { World } from '../world.ts'
import { ControlError, checked } from './control-request.ts'

const ReleaseSchema = Type.Object(
  {
    order: Type.Optional(Type.Union(['same', 'reversed', 'shuffled'].map((order) => Type.Literal(order)))),
    per_body: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, description: 'Entries in one body (1)' })),
  },
  { additionalProperties: false },
)

/** `POST /_control/webhooks/release` */
export async function releaseWebhooks(world: World, body: unknown) {
  const { order = 'same', per_body: perBody = 1 } = checked(ReleaseSchema, body ?? {})
  return { webhooks: await world.webhooks.release(order as 'same' | 'reversed' | 'shuffled', perBody) }
}

const RawSchema = Type.Object(
  {
    body: Type.Optional(Type.Unknown({ description: 'Sent as plain JSON' })),
    text: Type.Optional(Type.String({ description: 'Sent as it is' })),
    secret: Type.Optional(Type.String({ description: 'Signs with another secret' })),
    headers: Type.Optional(Type.Record(Type.String(), Type.String(), { description: 'Over the signature headers' })),
  },
  { additionalProperties: false },
)

/** `POST /_control/webhooks/raw`: bytes that Facebook would never send. */
export async function sendRaw(world: World, body: unknown) {
  const given = checked(RawSchema, body)
  if ((given.body === undefined) === (given.text === undefined)) {
    throw new ControlError(400, 'The request is not valid', ['body: either body or text'])
  }
  const bytes = Buffer.from(given.text ?? JSON.stringify(given.body))
  return { webhooks: [await world.webhooks.sendRaw(bytes, given.headers, given.secret)] }
}

const AppSchema = Type.Object(
  {
    app_secret: Type.Optional(Type.String({ minLength: 8 })),
    verify_token: Type.Optional(Type.String({ minLength: 1 })),
    webhook_url: Type.Optional(Type.Union([Type.Null(), Type.String()])),
    fields: Type.Optional(Type.Array(Type.String())),
    verify: Type.Optional(Type.Boolean({ description: 'Asks the callback first, as Facebook does' })),
  },
  { additionalProperties: false, minProperties: 1 },
)

/** `PUT /_control/app`: the app's dashboard on Facebook. */
export async function changeApp(world: World, body: unknown) {
  const given = checked(AppSchema, body)
  const { app } = world
  const url = given.webhook_url
  if (typeof url === 'string' && !/^https?:\/\//.test(url))
    throw new ControlError(400, 'The request is not valid', ['/webhook_url: an http or https address'])
  const wrong = given.fields?.filter((field) => !isPageField(field)) ?? []
  if (wrong.length > 0)
    throw new ControlError(
      400,
      'The request is not valid',
      wrong.map((field) => `/fields: unknown field ${field}`),
    )
  const verifyToken = given.verify_token ?? app.verifyToken
  if (given.verify && typeof url === 'string') {
    const { ok, reason } = await world.webhooks.verify(url, verifyToken)
    if (!ok) throw new ControlError(409, `The callback did not verify: ${reason}`)
  }
  app.verifyToken = verifyToken
  if (given.app_secret !== undefined) app.secret = given.app_secret
  if (url !== undefined) app.callbackUrl = url ?? undefined
  if (given.fields !== undefined) app.fields = new Set(given.fields)
  return readApp(world)
}

/** `GET /_control/app` */
export const readApp = ({ app }: World) => ({
  app_id: app.id,
  app_secret: app.secret,
  verify_token: app.verifyToken,
  webhook_url: app.callbackUrl ?? null,
  fields: app.fields.size === PAGE_FIELDS.length ? 'all' : [...app.fields],
})
