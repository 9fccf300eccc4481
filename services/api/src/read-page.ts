import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { FacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import type { GraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { readShape } from '@pagesync/shared/graph/graph-shapes.ts'
import type { ReadPage } from './api-context.ts'

/** A caller waits for it: longer than Facebook's slow answers, shorter than a client's patience. */
const READ_PAGE_MS = 20_000
/** A person's token of the dialog lives for an hour or two, an exchanged one for 60 days. */
const SHORT_LIVED_MS = 86_400_000

/**
 * Asks Facebook a few times: no page has a budget before it is connected. Many tokens may read a page; that it is the
 * page's own, or of somebody who may act for it, shows in what Facebook gives to these alone.
 */
export function createReadPage(
  graph: GraphClient,
  facebook: Pick<FacebookLogin, 'inspectUser' | 'longLived'>,
): ReadPage {
  /** A page's token that is taken with a short-lived one ends with it. */
  const lasting = async (accessToken: string): Promise<string> => {
    const times = await facebook.inspectUser(accessToken).catch(unlessNoPersons)
    const isShort = times !== undefined && times.expiresMs !== null && times.expiresMs < Date.now() + SHORT_LIVED_MS
    return isShort ? facebook.longLived(accessToken) : accessToken
  }

  return async (accessToken, facebookPageId) => {
    const signal = AbortSignal.timeout(READ_PAGE_MS)
    const ask = async (path: string, fields: string, token = accessToken) =>
      (await graph.request({ method: 'GET', path, params: { fields }, accessToken: token, signal })).body
    try {
      const bearer = readShape('user', await ask('/me', 'id,name'))
      if (bearer.id === facebookPageId) return { accessToken, name: bearer.name ?? null }
      const token = await lasting(accessToken)
      const body = await ask(`/${encodeURIComponent(facebookPageId)}`, 'id,name,access_token', token)
      const { id, name, access_token } = readShape('page', body)
      if (id !== facebookPageId || !access_token) throw notOfThePage()
      return { accessToken: access_token, name: name ?? null }
    } catch (cause) {
      if (!signal.aborted) throw cause
      throw new AppError('FACEBOOK_UNAVAILABLE', 'Facebook did not answer in time', { cause })
    }
  }
}

/** Of a system user, or of another page: it is taken as it is. */
function unlessNoPersons(error: unknown): undefined {
  if (!(error instanceof AppError) || error.code !== 'FACEBOOK_TOKEN_INVALID') throw error
}

function notOfThePage(): AppError {
  const message = "is neither the page's own nor of somebody who may act for it"
  const problems = [{ path: '/access_token', message }]
  return new AppError('VALIDATION_FAILED', `/access_token: ${message}`, { problems })
}
