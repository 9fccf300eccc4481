import { timingSafeEqual } from 'node:crypto'
import type { AccessToken, TokenState } from '../data/token-registry.ts'
import type { SimulatedPage, World } from '../world.ts'
import { GraphError } from './graph-error.ts'
import type { GraphContext, GraphRequest } from './graph-request.ts'

const session = (reason: string) => `Error validating access token: ${reason}`

/** Each way for a token to be dead: subcode and words of Facebook. */
const DEAD: Record<Exclude<TokenState, 'valid'>, { subcode?: number; message: string }> = {
  app_removed: { subcode: 458, message: session('The user has not authorized application.') },
  checkpoint: {
    subcode: 459,
    message: session(
      'You cannot access the app till you log in to www.facebook.com and follow the instructions given.',
    ),
  },
  password_changed: {
    subcode: 460,
    message: session(
      'The session has been invalidated because the user changed their password or Facebook has changed the session for security reasons.',
    ),
  },
  expired: { subcode: 463, message: session('Session has expired. The current time is after the expiry.') },
  unconfirmed: {
    subcode: 464,
    message: session('Sessions for the user are not allowed because the user is not a confirmed user.'),
  },
  invalid: { subcode: 467, message: session('The session has been invalidated.') },
  no_page_role: {
    subcode: 492,
    message: session('The user does not have sufficient administrative permission for this page.'),
  },
  impersonation: { message: "pages_messaging permission(s) must be granted before impersonating a user's page." },
  session: { message: 'Session key invalid or no longer valid' },
}

export const deadTokenError = (state: Exclude<TokenState, 'valid'>): GraphError => {
  const { subcode, message } = DEAD[state]
  return new GraphError(state === 'session' ? 102 : 190, message, subcode === undefined ? {} : { subcode })
}

/** Whose call it is; refuses missing, unknown and dead tokens and wrong proofs. */
export function authenticate(world: World, request: GraphRequest): AccessToken {
  if (request.token === undefined || request.token === '') {
    throw new GraphError(104, 'An access token is required to request this resource.')
  }
  const token = world.tokens.find(request.token)
  if (token === undefined) throw new GraphError(190, 'Invalid OAuth access token - Cannot parse access token')
  checkProof(world, request, request.token)
  const dies = token.dies
  if (dies !== undefined && --dies.afterCalls < 0) {
    token.state = dies.state
    delete token.dies
  }
  if (token.expiresAt !== 0 && world.clock.now() >= token.expiresAt) throw deadTokenError('expired')
  if (token.state !== 'valid') throw deadTokenError(token.state)
  return token
}

function checkProof(world: World, { proof, parameters }: GraphRequest, token: string) {
  if (proof === undefined) {
    if (!world.switches.requireAppSecretProof) return
    throw new GraphError(100, 'API calls from the server require an appsecret_proof argument', {
      type: 'GraphMethodException',
    })
  }
  const time = parameters.appsecret_time
  const expected = Buffer.from(world.tokens.proofOf(token, time === undefined ? undefined : String(time)))
  const given = Buffer.from(proof)
  if (given.length === expected.length && timingSafeEqual(given, expected)) return
  throw new GraphError(100, 'Invalid appsecret_proof provided in the API argument', { type: 'GraphMethodException' })
}

/** The refusal when a permission is missing; Facebook words it by the kind of call. */
export function requireScope({ token }: GraphContext, scope: string) {
  if (token?.kind === 'app' || token?.scopes.has(scope)) return
  if (scope === 'pages_messaging') {
    throw new GraphError(230, `(#230) Requires ${scope} permission to manage the object`)
  }
  if (scope === 'pages_read_engagement') {
    throw new GraphError(
      10,
      "(#10) This endpoint requires the 'pages_read_engagement' permission or the 'Page Public Content Access' feature or the 'Page Public Metadata Access' feature. Refer to https://developers.facebook.com/docs/apps/review/login-permissions#manage-pages for details.",
    )
  }
  throw new GraphError(200, `(#200) Requires ${scope} permission to manage the object`)
}

/** Calls that speak for a page need that page's own token. */
export function requirePageToken({ token }: GraphContext, page: SimulatedPage) {
  if (token?.kind === 'page' && token.pageId === page.id) return
  throw new GraphError(210, '(#210) A page access token is required to request this resource.')
}
