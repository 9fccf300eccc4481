import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { GraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { readShape } from '@pagesync/shared/graph/graph-shapes.ts'
import type { ReadPage } from './api-context.ts'

/** A caller waits for it: longer than Facebook's slow answers, shorter than a client's patience. */
const READ_PAGE_MS = 20_000

/**
 * Asks Facebook once or twice: no page has a budget before it is connected. Many tokens may read a page; that it is the
 * page's own, or of somebody who may act for it, shows in what Facebook gives to these alone.
 */
export function createReadPage(graph: GraphClient): ReadPage {
  return async (accessToken, facebookPageId) => {
    const signal = AbortSignal.timeout(READ_PAGE_MS)
    const ask = async (path: string, fields: string) =>
      (await graph.request({ method: 'GET', path, params: { fields }, accessToken, signal })).body
    try {
      const bearer = readShape('user', await ask('/me', 'id,name'))
      if (bearer.id === facebookPageId) return { accessToken, name: bearer.name ?? null }
      const body = await ask(`/${encodeURIComponent(facebookPageId)}`, 'id,name,access_token')
      const { id, name, access_token } = readShape('page', body)
      if (id !== facebookPageId || !access_token) throw notOfThePage()
      return { accessToken: access_token, name: name ?? null }
    } catch (cause) {
      if (!signal.aborted) throw cause
      throw new AppError('FACEBOOK_UNAVAILABLE', 'Facebook did not answer in time', { cause })
    }
  }
}

function notOfThePage(): AppError {
  const message = "is neither the page's own nor of somebody who may act for it"
  const problems = [{ path: '/access_token', message }]
  return new AppError('VALIDATION_FAILED', `/access_token: ${message}`, { problems })
}
