import { Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { AppError } from '../errors/app-error.ts'
import type { GraphClient } from './graph-client.ts'
import { nextCursor } from './graph-shapes.ts'

export interface PageScopedId {
  readonly psid: string
  readonly facebookPageId: string
}

const Answer = Type.Object({
  data: Type.Array(Type.Object({ id: Type.String(), page: Type.Object({ id: Type.String() }) })),
  paging: Type.Optional(Type.Unknown()),
})

const LISTED_AT_ONCE = 100
const ANSWERS_MAX = 100

/**
 * By which ids the pages of the app's business know a person (`/{app-scoped id}/ids_for_pages`).
 *
 * @throws AppError with Facebook's refusal: it answers only for apps and pages of one business
 */
export async function idsForPages(
  graph: GraphClient,
  appToken: string,
  facebookUserId: string,
  signal?: AbortSignal,
): Promise<PageScopedId[]> {
  const found: PageScopedId[] = []
  let after: string | null = null
  for (let answers = 0; answers < ANSWERS_MAX; answers++) {
    const { body } = await graph.request({
      method: 'GET',
      path: `/${encodeURIComponent(facebookUserId)}/ids_for_pages`,
      params: { limit: LISTED_AT_ONCE, ...(after === null ? {} : { after }) },
      accessToken: appToken,
      ...(signal ? { signal } : {}),
    })
    if (!Value.Check(Answer, body)) throw new AppError('FACEBOOK_UNAVAILABLE', 'Facebook answered in another shape')
    found.push(...body.data.map(({ id, page }) => ({ psid: id, facebookPageId: page.id })))
    after = nextCursor(body as Parameters<typeof nextCursor>[0])
    if (after === null) return found
  }
  throw new AppError('FACEBOOK_ANSWER_TOO_LARGE', 'Facebook lists too many pages')
}
