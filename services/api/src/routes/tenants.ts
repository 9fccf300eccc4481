import type { TenantRow } from '@pagesync/shared/store/repositories/rows.ts'
import { ALL_SCOPES } from '@pagesync/shared/store/repositories/tenants.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { createListing } from '../listing.ts'
import { body, errors, idQuery, list, success } from '../route-shapes.ts'
import { named } from '../views/shapes.ts'
import { presentTenant, Tenant } from '../views/tenant.ts'

const Position = Type.Object({ _id: Type.String() })
const readListing = createListing('tenants', Position, ({ _id }: TenantRow) => ({ _id }))

const TenantBody = body(
  { name: Type.String({ minLength: 1, maxLength: 200, pattern: '\\S' }) },
  { examples: [{ name: 'Angkor Coffee' }] },
)

/** The operator's routes; registered only where there is an operator. */
export const registerTenants: RegisterRoutes = (api, { tenants, clock }) => {
  api.post(
    '/tenants',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['operator'],
        summary: 'Make a tenant and its first API key',
        description: 'The key has every scope and is shown this once.',
        body: TenantBody,
        response: {
          201: success({ tenant: named(Tenant), api_key: Type.String({ examples: ['ps_live_…'] }) }),
          ...errors('operator', ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']),
        },
      },
    },
    async (request, reply) => {
      const nowMs = clock.now()
      const tenant = await tenants.create(request.body.name, nowMs)
      const { key } = await tenants.createApiKey({ tenantId: tenant._id, name: 'first', scopes: ALL_SCOPES }, nowMs)
      return reply.code(201).send({ success: true as const, tenant: presentTenant(tenant), api_key: key })
    },
  )

  api.get(
    '/tenants',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['operator'],
        summary: 'List the tenants',
        querystring: idQuery,
        response: { 200: list('tenants', Tenant), ...errors('operator') },
      },
    },
    async (request) => {
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort: 'id' },
        { fetch: (limit, after) => tenants.list(limit, after?._id) },
      )
      return { success: true as const, tenants: rows.map(presentTenant), next_cursor: nextCursor }
    },
  )
}
