import { PageUpdateArguments } from '@pagesync/shared/model/command-arguments.ts'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { presentPagePush } from '../present-push.ts'
import { pushSchema } from '../push-schema.ts'
import { PageParams } from '../route-shapes.ts'

export const registerPagePushes: RegisterRoutes = (api, { ownership, run, pages, reader, clock }) => {
  api.put(
    '/pages/:pageId/update-to-facebook',
    {
      config: { access: 'push' },
      schema: {
        ...pushSchema('page.update', 'page', "Change the page's details at Facebook"),
        params: PageParams,
        body: PageUpdateArguments,
      },
    },
    async (request, reply) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      return run(request, reply, {
        page,
        type: 'page.update',
        arguments: request.body,
        present: (row) => presentPagePush(row, page, { pages, reader, nowMs: clock.now() }),
      })
    },
  )
}
