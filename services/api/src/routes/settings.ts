import type { PageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { assertLabelsDiffer, assertTimeZone, mergedSettings, PageSettingsBody } from '../page-settings-body.ts'
import { body, errors, success } from '../route-shapes.ts'
import { DAYS_MAX, LEDGER_DAYS_MIN, presentSettings, Settings } from '../views/settings.ts'
import { named } from '../views/shapes.ts'

const days = (minimum: number) => Type.Optional(Type.Union([Type.Integer({ minimum, maximum: DAYS_MAX }), Type.Null()]))

const SettingsBody = body(
  {
    retention: Type.Optional(
      Type.Object(
        {
          messages_days: days(1),
          raw_events_days: days(1),
          ledger_days: days(LEDGER_DAYS_MIN),
          audit_days: days(1),
        },
        { additionalProperties: false },
      ),
    ),
    page_defaults: Type.Optional(PageSettingsBody),
  },
  { minProperties: 1, examples: [{ retention: { messages_days: 730, ledger_days: 30 } }] },
)

const Answer = success({ settings: named(Settings) })

export const registerSettings: RegisterRoutes = (api, { settings }) => {
  api.get(
    '/settings',
    {
      config: { access: 'read' },
      schema: { tags: ['settings'], summary: 'Show the settings', response: { 200: Answer, ...errors('read') } },
    },
    async (request) => ({
      success: true as const,
      settings: presentSettings(await settings.get(callerOf(request).tenantId)),
    }),
  )

  api.put(
    '/settings',
    {
      config: { access: 'admin', wholeTenant: true },
      schema: {
        tags: ['settings'],
        summary: 'Change settings',
        description:
          'Members that are not named stay; null gives one its default back. `page_defaults` is for pages connected from ' +
          'now on. What is older than `retention` says is removed within hours, and a pull brings no older message back.',
        body: SettingsBody,
        response: {
          200: Answer,
          ...errors('admin', ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'WRITE_CONFLICT']),
        },
      },
    },
    async (request) => {
      const { retention = {}, page_defaults: pageDefaults = {} } = request.body
      const updated = await settings.update(callerOf(request).tenantId, (stored) => {
        const page_defaults: Partial<PageSettings> = mergedSettings({ ...stored.page_defaults }, pageDefaults)
        assertLabelsDiffer(page_defaults, '/page_defaults')
        assertTimeZone(page_defaults, '/page_defaults')
        return { retention: mergedSettings(stored.retention, retention), page_defaults }
      })
      return { success: true as const, settings: presentSettings(updated) }
    },
  )
}
