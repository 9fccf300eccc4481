import type { PageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { assertLabelsDiffer, assertTimeZone, mergedSettings, PageSettingsBody } from '../page-settings-body.ts'
import { body, errors, IdParams, success } from '../route-shapes.ts'
import { Page, presentPage } from '../views/page.ts'
import { named } from '../views/shapes.ts'

const PageBody = body({ settings: PageSettingsBody }, { examples: [{ settings: { mirror_labels: true } }] })

export const registerPageEdits: RegisterRoutes = (api, { ownership, pages, timers, clock }) => {
  api.patch(
    '/pages/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['pages'],
        summary: "Change a page's settings",
        description:
          'In the system alone; for what Facebook shows of the page there is `update-to-facebook`. Members that are not ' +
          'named stay, null gives one its default back.',
        params: IdParams,
        body: PageBody,
        response: {
          200: success({ page: named(Page) }),
          ...errors('admin', ['PAGE_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'WRITE_CONFLICT']),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      await ownership.page(caller, request.params.id)
      const page = await pages.update(caller.tenantId, request.params.id, (row) => {
        const settings: Partial<PageSettings> = mergedSettings({ ...row.settings }, request.body.settings)
        assertLabelsDiffer(settings, '/settings')
        assertTimeZone(settings, '/settings')
        return JSON.stringify(settings) === JSON.stringify(row.settings ?? {}) ? null : { ...row, settings }
      })
      // Its time zone is that of its schedule.
      await timers.lookAgain(page.id, clock.now())
      return { success: true as const, page: presentPage(page) }
    },
  )
}
