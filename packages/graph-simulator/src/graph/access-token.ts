import { deadTokenError } from './access.ts'
import { GraphError, invalidParameter } from './graph-error.ts'
import { type GraphContext, text } from './graph-request.ts'

const HOUR_MS = 3_600_000
/** About 60 days; the number that Facebook answers. */
const LONG_LIVED_S = 5_183_944

/** `GET|POST /oauth/access_token`: a code, a short token or the app's secret for a token. */
export function exchangeToken({ world, request }: GraphContext) {
  const { app, tokens, clock } = world
  const clientId = text(request, 'client_id')
  const secret = text(request, 'client_secret')
  if (clientId === undefined) throw new GraphError(101, 'Missing client_id parameter.')
  if (clientId !== app.id)
    throw new GraphError(101, 'Error validating application. Cannot get application info due to a system error.')
  if (secret !== app.secret) throw new GraphError(1, 'Error validating client secret.', { status: 400 })
  const grant = text(request, 'grant_type')
  if (grant === 'client_credentials') return { access_token: `${app.id}|${app.secret}`, token_type: 'bearer' }
  if (grant === 'fb_exchange_token') {
    const old = tokens.find(text(request, 'fb_exchange_token') ?? '')
    if (old === undefined) throw new GraphError(190, 'Invalid OAuth access token - Cannot parse access token')
    if (old.expiresAt !== 0 && clock.now() >= old.expiresAt) throw deadTokenError('expired')
    if (old.state !== 'valid') throw deadTokenError(old.state)
    const fresh = tokens.issue('user', clock.now(), { lifetimeMs: LONG_LIVED_S * 1000 })
    fresh.scopes = new Set(old.scopes)
    return { access_token: fresh.token, token_type: 'bearer', expires_in: LONG_LIVED_S }
  }
  if (grant !== undefined && grant !== 'authorization_code') throw invalidParameter(`Unknown grant_type ${grant}`)
  const code = tokens.takeCode(text(request, 'code') ?? '')
  if (code === undefined) throw invalidParameter('This authorization code has been used or is invalid.', 36009)
  if (code.redirectUri !== text(request, 'redirect_uri')) {
    throw invalidParameter(
      'Error validating verification code. Please make sure your redirect_uri is identical to the one you used in the OAuth dialog request',
      36008,
    )
  }
  const short = tokens.issue('user', clock.now(), { lifetimeMs: 2 * HOUR_MS })
  return { access_token: short.token, token_type: 'bearer', expires_in: 2 * 3_600 }
}
