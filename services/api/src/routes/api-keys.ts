import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { ApiKeyBody, listKeys, makeKey, revokeKey } from '../key-keeper.ts'
import { errors, list, listQuery, success } from '../route-shapes.ts'
import { ApiKey } from '../views/api-key.ts'
import { named } from '../views/shapes.ts'

export const ApiKeyId = Type.String({ minLength: 1, maxLength: 64 })
export const One = success({ api_key: named(ApiKey) })
export const ApiKeyList = list('api_keys', ApiKey)
export const ApiKeyQuery = Type.Omit(listQuery('newest', {}), ['sort'], { additionalProperties: false })
const tags = ['access']

export const registerApiKeys: RegisterRoutes = (api, context) => {
  api.post(
    '/api-keys',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Make an API key',
        description:
          'The key is shown this once. It gets no scope, no page and no longer life than the key that asks for it has.',
        body: ApiKeyBody,
        response: {
          201: One,
          ...errors('admin', ['PAGE_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']),
        },
      },
    },
    async (request, reply) => {
      const api_key = await makeKey(callerOf(request), request.body, context)
      return reply.code(201).send({ success: true as const, api_key })
    },
  )

  api.get(
    '/api-keys',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'List the API keys',
        description:
          'Newest first, revoked and expired ones too. A key for some pages sees the keys for these pages alone.',
        querystring: ApiKeyQuery,
        response: { 200: ApiKeyList, ...errors('admin') },
      },
    },
    async (request) => ({
      success: true as const,
      ...(await listKeys(callerOf(request), request.query, context)),
    }),
  )

  api.delete(
    '/api-keys/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Revoke an API key',
        description: 'Within 5 s it is refused everywhere, also where it listens to events. It stays in the list.',
        params: Type.Object({ id: ApiKeyId }),
        response: { 200: One, ...errors('admin', ['API_KEY_NOT_FOUND', 'WRITE_CONFLICT']) },
      },
    },
    async (request) => ({
      success: true as const,
      api_key: await revokeKey(callerOf(request), request.params.id, context),
    }),
  )
}
