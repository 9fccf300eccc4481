import { PAGE_FIELDS } from '@pagesync/shared/graph/page-graph.ts'
import type { TObject } from '@sinclair/typebox'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { HowToPull, pullArguments } from '../pull-body.ts'
import { pullSchema } from '../pull-schema.ts'
import { body, PageParams } from '../route-shapes.ts'

const Nothing = body({})
const Fields = body(
  {
    fields: Type.Optional(
      Type.Array(Type.Union(PAGE_FIELDS.map((field) => Type.Literal(field))), {
        minItems: 1,
        uniqueItems: true,
        description: 'Only these fields; all without it',
      }),
    ),
  },
  { examples: [{ fields: ['about', 'fan_count'] }] },
)

interface PagePull {
  readonly path: string
  readonly type: 'page.sync_details' | 'page.sync_contacts' | 'page.sync_conversations' | 'page.full_sync'
  readonly summary: string
  readonly body: TObject
}

const PULLS: readonly PagePull[] = [
  {
    path: 'sync-from-facebook',
    type: 'page.sync_details',
    summary: "Pull the page's details",
    body: Fields,
  },
  {
    path: 'sync-contacts-from-facebook',
    type: 'page.sync_contacts',
    summary: 'Pull everybody who has a conversation with the page',
    body: Nothing,
  },
  {
    path: 'sync-conversations',
    type: 'page.sync_conversations',
    summary: "Pull the page's conversations, without their messages",
    body: HowToPull,
  },
  {
    path: 'full-sync-from-facebook',
    type: 'page.full_sync',
    summary: 'Pull the page, its conversations, contacts and messages',
    body: HowToPull,
  },
]

export const registerPagePulls: RegisterRoutes = (api, { ownership, run }) => {
  for (const { path, type, summary, body: bodySchema } of PULLS) {
    api.post(
      `/pages/:pageId/${path}`,
      {
        config: { access: 'sync', optionalBody: true },
        schema: { ...pullSchema(type, summary), params: PageParams, body: bodySchema },
      },
      async (request, reply) => {
        const page = await ownership.page(callerOf(request), request.params.pageId)
        return run(request, reply, { page, type, arguments: pullArguments(request.body) })
      },
    )
  }
}
