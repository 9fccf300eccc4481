import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { body, ContactParams, errors, success } from '../route-shapes.ts'
import { updateContactInSystem } from '../update-contact-in-system.ts'
import { Contact, presentContact } from '../views/contact.ts'
import { named } from '../views/shapes.ts'

const text = (maxLength: number, options: { pattern?: string; description?: string } = {}) =>
  Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength, ...options }), Type.Null()]))

const ContactBody = body(
  {
    name: text(200),
    email: text(320, { pattern: '^[^@\\s]+@[^@\\s]+$' }),
    phone: text(64),
    notes: text(10_000),
    tags: Type.Optional(
      Type.Union([
        Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 100, uniqueItems: true }),
        Type.Null(),
      ]),
    ),
    custom_fields: Type.Optional(
      Type.Union([Type.Record(Type.String({ maxLength: 64 }), Type.Unknown(), { maxProperties: 100 }), Type.Null()], {
        description: 'All of them: what is not named here is gone',
      }),
    ),
  },
  { minProperties: 1, examples: [{ email: 'sokha@example.com', tags: ['vip'], notes: null }] },
)

const CUSTOM_FIELDS_DEPTH_MAX = 10

/** The contract's own path, and the short one. */
const PATHS = ['/contacts/:contactId/update-in-system', '/contacts/:contactId'] as const

export const registerContactEdits: RegisterRoutes = (api, context) => {
  const { ownership, pages, synced, announce, clock } = context
  for (const path of PATHS) {
    api.put(
      path,
      {
        config: { access: 'push' },
        schema: {
          tags: ['contacts'],
          summary: 'Change a contact in the system',
          description:
            'In the system alone, and at once: no command. What is set here, no later pull overwrites. ' +
            'Members that are not named stay, null clears.',
          params: ContactParams,
          body: ContactBody,
          response: {
            200: success({ contact: named(Contact) }),
            ...errors('push', [
              'CONTACT_NOT_FOUND',
              'PAYLOAD_TOO_LARGE',
              'UNSUPPORTED_MEDIA_TYPE',
              'WRITE_CONFLICT',
              'EVENT_LOG_UNAVAILABLE',
            ]),
          },
        },
      },
      async (request) => {
        const contact = await ownership.contact(callerOf(request), request.params.contactId)
        const page = await pages.get(contact.tenant_id, contact.page_id)
        if (!page) throw new AppError('CONTACT_NOT_FOUND', `There is no contact ${contact.id}`)
        assertShallow(request.body.custom_fields)
        const updated = await updateContactInSystem(contact, page, request.body, {
          contacts: synced.contacts,
          announce,
          nowMs: clock.now(),
          requestId: request.id,
        })
        return { success: true as const, contact: presentContact(updated) }
      },
    )
  }
}

function assertShallow(customFields: unknown): void {
  if (depthOf(customFields) <= CUSTOM_FIELDS_DEPTH_MAX) return
  const problems = [{ path: '/custom_fields', message: `must be nested at most ${CUSTOM_FIELDS_DEPTH_MAX} deep` }]
  throw new AppError('VALIDATION_FAILED', `${problems[0]?.path}: ${problems[0]?.message}`, { problems })
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}
