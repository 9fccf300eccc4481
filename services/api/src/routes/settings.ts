import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
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
    page_defaults: Type.Optional(
      Type.Object(
        { mirror_labels: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])) },
        { additionalProperties: false },
      ),
    ),
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
      config: { access: 'admin' },
      schema: {
        tags: ['settings'],
        summary: 'Change settings',
        description: 'Members that are not named stay; null gives one its default back.',
        body: SettingsBody,
        response: {
          200: Answer,
          ...errors('admin', ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'WRITE_CONFLICT']),
        },
      },
    },
    async (request) => {
      const { retention = {}, page_defaults: pageDefaults = {} } = request.body
      const updated = await settings.update(callerOf(request).tenantId, (stored) => ({
        retention: merged(stored.retention, retention),
        page_defaults: merged(stored.page_defaults, pageDefaults),
      }))
      return { success: true as const, settings: presentSettings(updated) }
    },
  )
}

function merged<V>(
  stored: Readonly<Record<string, V>>,
  given: Readonly<Record<string, V | null | undefined>>,
): Record<string, V> {
  const next: Record<string, V> = { ...stored }
  for (const [name, value] of Object.entries(given)) {
    if (value === null || value === undefined) delete next[name]
    else next[name] = value
  }
  return next
}
