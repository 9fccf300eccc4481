import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { GraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { readShape } from '@pagesync/shared/graph/graph-shapes.ts'
import type { ReadPage } from './api-context.ts'

/** A caller waits for it: longer than Facebook's slow answers, shorter than a client's patience. */
const READ_PAGE_MS = 20_000

/** Asks Facebook once: no page has a budget before it is connected. */
export function createReadPage(graph: GraphClient): ReadPage {
  return async (accessToken, facebookPageId) => {
    const signal = AbortSignal.timeout(READ_PAGE_MS)
    try {
      const { body } = await graph.request({
        method: 'GET',
        path: `/${encodeURIComponent(facebookPageId)}`,
        params: { fields: 'id,name' },
        accessToken,
        signal,
      })
      const { id, name } = readShape('page', body)
      return { id, name: name ?? null }
    } catch (cause) {
      if (!signal.aborted) throw cause
      throw new AppError('FACEBOOK_UNAVAILABLE', 'Facebook did not answer in time', { cause })
    }
  }
}
