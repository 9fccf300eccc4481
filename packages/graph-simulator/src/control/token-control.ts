import { Type } from '@sinclair/typebox'
import { ALL_SCOPES, type TokenState } from '../data/token-registry.ts'
import type { World } from '../world.ts'
import { ControlError, checked, PageId, pageNamed } from './control-request.ts'

const STATES = [
  'valid',
  'app_removed',
  'checkpoint',
  'password_changed',
  'expired',
  'unconfirmed',
  'invalid',
  'no_page_role',
  'impersonation',
  'session',
] as const satisfies readonly TokenState[]

/** Subcodes of 190 as another way to name a state. */
const STATE_OF_SUBCODE: Record<number, TokenState> = {
  458: 'app_removed',
  459: 'checkpoint',
  460: 'password_changed',
  463: 'expired',
  464: 'unconfirmed',
  467: 'invalid',
  492: 'no_page_role',
}

const ChangeTokenSchema = Type.Object(
  {
    token: Type.Optional(Type.String({ description: 'One token; or all of a page' })),
    facebook_page_id: Type.Optional(PageId),
    state: Type.Optional(Type.Union(STATES.map((state) => Type.Literal(state)))),
    subcode: Type.Optional(Type.Integer({ description: 'Subcode of 190 instead of a state' })),
    after_calls: Type.Optional(Type.Integer({ minimum: 0, description: 'Lets so many calls through first' })),
    scopes: Type.Optional(Type.Array(Type.String(), { description: 'Permissions that it has from now on' })),
    missing_scopes: Type.Optional(Type.Array(Type.String(), { description: 'All permissions but these' })),
    expires_at_ms: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  { additionalProperties: false, minProperties: 1 },
)

/** `PUT /_control/tokens`: a token dies, comes back, or loses permissions; at once or after some calls. */
export function changeTokens(world: World, body: unknown) {
  const given = checked(ChangeTokenSchema, body)
  const state = given.subcode === undefined ? given.state : STATE_OF_SUBCODE[given.subcode]
  if (given.subcode !== undefined && state === undefined) {
    throw new ControlError(400, 'The request is not valid', [
      `/subcode: one of ${Object.keys(STATE_OF_SUBCODE).join(', ')}`,
    ])
  }
  const named =
    given.token === undefined
      ? world.tokens.ofPage(pageNamed(world, given.facebook_page_id).id)
      : [world.tokens.find(given.token)]
  const tokens = named.filter((token) => token !== undefined)
  if (tokens.length === 0) throw new ControlError(404, 'There is no such token')
  for (const token of tokens) {
    if (state !== undefined && given.after_calls !== undefined) token.dies = { afterCalls: given.after_calls, state }
    else if (state !== undefined) {
      token.state = state
      delete token.dies
    }
    if (given.scopes !== undefined) token.scopes = new Set(given.scopes)
    if (given.missing_scopes !== undefined)
      token.scopes = new Set(ALL_SCOPES.filter((scope) => !given.missing_scopes!.includes(scope)))
    if (given.expires_at_ms !== undefined) token.expiresAt = given.expires_at_ms
  }
  return { changed: tokens.length }
}

const NewTokenSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(PageId),
    kind: Type.Optional(Type.Union([Type.Literal('page'), Type.Literal('user')])),
    lifetime_ms: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
)

/** `POST /_control/tokens`: a fresh token, as after connecting again. */
export function newToken(world: World, body: unknown) {
  const given = checked(NewTokenSchema, body ?? {})
  const lifetimeMs = given.lifetime_ms
  const kind = given.kind ?? 'page'
  const pageId = kind === 'page' ? pageNamed(world, given.facebook_page_id).id : undefined
  return { access_token: world.tokens.issue(kind, world.clock.now(), { pageId, lifetimeMs }).token }
}

/** `GET /_control/tokens` */
export const listTokens = (world: World) => ({
  tokens: world.tokens.all().map(({ token, kind, pageId, state, scopes, expiresAt, dies }) => ({
    access_token: token,
    kind,
    facebook_page_id: pageId ?? null,
    state,
    scopes: [...scopes],
    expires_at_ms: expiresAt,
    dies_after_calls: dies?.afterCalls ?? null,
  })),
})
