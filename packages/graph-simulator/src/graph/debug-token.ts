import { deadTokenError } from './access.ts'
import { GraphError, invalidParameter } from './graph-error.ts'
import { type GraphContext, text } from './graph-request.ts'

const DATA_ACCESS_MS = 90 * 86_400_000

/** `GET /debug_token?input_token=`: what a token is and whether it lives. With the app's token, or the user's own. */
export function debugToken({ world, request, token }: GraphContext) {
  if (token?.kind === 'page')
    throw new GraphError(
      100,
      '(#100) You must provide an app access token, or a user access token that is an owner or developer of the app',
    )
  const input = text(request, 'input_token')
  if (input === undefined) throw invalidParameter('The parameter input_token is required')
  const found = world.tokens.find(input)
  if (found === undefined) {
    const error = { code: 190, message: 'Invalid OAuth access token data.' }
    return { data: { error, is_valid: false, scopes: [] } }
  }
  const now = world.clock.now()
  const expired = found.expiresAt !== 0 && now >= found.expiresAt
  const state = expired && found.state === 'valid' ? 'expired' : found.state
  const scopes = [...found.scopes]
  const data = {
    app_id: world.app.id,
    type: found.kind.toUpperCase(),
    application: world.app.name,
    data_access_expires_at: found.kind === 'app' ? 0 : Math.floor((found.issuedAt + DATA_ACCESS_MS) / 1000),
    ...(state === 'valid' ? {} : { error: problemOf(state) }),
    expires_at: Math.floor(found.expiresAt / 1000),
    is_valid: state === 'valid',
    issued_at: Math.floor(found.issuedAt / 1000),
    scopes,
    granular_scopes: scopes.map((scope) => ({
      scope,
      ...(found.pageId === undefined ? {} : { target_ids: [found.pageId] }),
    })),
    user_id: world.user.id,
    ...(found.pageId === undefined ? {} : { profile_id: found.pageId }),
  }
  return { data }
}

const problemOf = (state: Parameters<typeof deadTokenError>[0]) => {
  const { code, message, detail } = deadTokenError(state)
  return { code, message, ...(detail.subcode === undefined ? {} : { subcode: detail.subcode }) }
}
