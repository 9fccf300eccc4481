import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { Type } from '@sinclair/typebox'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { ApiKeyBody, type Keeper, listKeys, makeKey, operatorAsKeeper, revokeKey } from '../key-keeper.ts'
import { errors } from '../route-shapes.ts'
import { ApiKeyId, ApiKeyList, ApiKeyQuery, One } from './api-keys.ts'

const TenantId = Type.String({ minLength: 1, maxLength: 64 })
const tags = ['operator']

/** The operator's hand in a tenant's keys: for the first one, and for whoever lost theirs. Only where there is an operator. */
export const registerTenantApiKeys: RegisterRoutes = (api, context) => {
  api.post(
    '/tenants/:id/api-keys',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: 'Make an API key for a tenant',
        description: 'The key is shown this once.',
        params: Type.Object({ id: TenantId }),
        body: ApiKeyBody,
        response: {
          201: One,
          ...errors('operator', ['TENANT_NOT_FOUND', 'PAGE_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']),
        },
      },
    },
    async (request, reply) => {
      const keeper = await keeperOf(request.params.id, context)
      return reply.code(201).send({ success: true as const, api_key: await makeKey(keeper, request.body, context) })
    },
  )

  api.get(
    '/tenants/:id/api-keys',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: "List a tenant's API keys",
        params: Type.Object({ id: TenantId }),
        querystring: ApiKeyQuery,
        response: { 200: ApiKeyList, ...errors('operator', ['TENANT_NOT_FOUND']) },
      },
    },
    async (request) => ({
      success: true as const,
      ...(await listKeys(await keeperOf(request.params.id, context), request.query, context)),
    }),
  )

  api.delete(
    '/tenants/:id/api-keys/:keyId',
    {
      config: { access: 'operator' },
      schema: {
        tags,
        summary: "Revoke a tenant's API key",
        params: Type.Object({ id: TenantId, keyId: ApiKeyId }),
        response: {
          200: One,
          ...errors('operator', ['TENANT_NOT_FOUND', 'API_KEY_NOT_FOUND', 'WRITE_CONFLICT']),
        },
      },
    },
    async (request) => {
      const keeper = await keeperOf(request.params.id, context)
      return { success: true as const, api_key: await revokeKey(keeper, request.params.keyId, context) }
    },
  )
}

async function keeperOf(tenantId: string, { tenants }: ApiContext): Promise<Keeper> {
  if (!(await tenants.get(tenantId))) throw new AppError('TENANT_NOT_FOUND', `There is no tenant ${tenantId}`)
  return operatorAsKeeper(tenantId)
}
