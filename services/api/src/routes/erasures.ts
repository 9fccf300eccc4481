import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ErasureRow } from '@pagesync/shared/store/repositories/privacy-rows.ts'
import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import type { RegisterRoutes } from '../api-context.ts'
import { type Caller, callerOf, findCaller, mayUsePage } from '../caller.ts'
import { errors, IdParams, success } from '../route-shapes.ts'
import { Erasure, presentErasure } from '../views/erasure.ts'
import { named } from '../views/shapes.ts'

const ErasureParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 128 }) })
const TenantParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
const Done = success({ erasure: named(Erasure) })
const GoesOn = success({ erasure: named(Erasure) }, { description: 'Goes on by itself: `Location` is where to look' })

/** A caller waits so long; what is not done by then workers carry on. */
const WORK_MS = 5_000
const ERASURES_PATH = '/api/facebook/erasures'

function answer(reply: FastifyReply, row: ErasureRow) {
  const erased = row.erased_ms !== null
  if (!erased) void reply.header('location', `${ERASURES_PATH}/${encodeURIComponent(row._id)}`)
  return reply.code(erased ? 200 : 202).send({ success: true as const, erasure: presentErasure(row) })
}

export const registerErasures: RegisterRoutes = (api, { ownership, eraser, pages, clock }) => {
  api.delete(
    '/contacts/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['contacts'],
        summary: 'Erase a person and everything about them at this page',
        description:
          'Messages, the conversation, comments, raw events, dead letters, and what the ledger says of them. For good: ' +
          'nothing that is still on its way brings them back, unless they write again; then only what is newer is kept. ' +
          'Announced as `contact.erased`. What stands on the topics ages out: `topics_until`.',
        params: IdParams,
        response: { 200: Done, 202: GoesOn, ...errors('admin', ['CONTACT_NOT_FOUND', 'EVENT_LOG_UNAVAILABLE']) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const contact = await ownership.contact(caller, request.params.id)
      const page = await pages.get(caller.tenantId, contact.page_id)
      if (!page) throw new AppError('CONTACT_NOT_FOUND', `There is no contact ${request.params.id}`)
      const row = await eraser.eraseContact(page, contact)
      return answer(reply, await eraser.work(row, clock.now() + WORK_MS))
    },
  )

  api.get(
    '/erasures/:id',
    {
      config: { access: 'admin-or-operator' },
      schema: {
        tags: ['contacts'],
        summary: 'Show how far an erasure is',
        params: ErasureParams,
        response: { 200: Done, ...errors('admin-or-operator', ['ERASURE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const row = await eraser.get(request.params.id)
      if (!row || !mayKnow(findCaller(request), row))
        throw new AppError('ERASURE_NOT_FOUND', `There is no erasure ${request.params.id}`)
      return { success: true as const, erasure: presentErasure(row) }
    },
  )
}

/** Null: the operator. A key for some pages knows of those alone. */
function mayKnow(caller: Caller | null, { tenant_id, page_id }: ErasureRow): boolean {
  if (caller === null) return true
  return tenant_id === caller.tenantId && (page_id === null ? caller.pageIds === null : mayUsePage(caller, page_id))
}

/** The operator's; registered only where there is an operator. */
export const registerTenantErasure: RegisterRoutes = (api, { eraser, clock }) => {
  api.delete(
    '/tenants/:id',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['operator'],
        summary: 'Erase a tenant with everything that it has',
        description:
          'Its keys and tokens first, so that it is cut off at once. For good. Webhooks of its pages should be unsubscribed ' +
          'at Facebook before: from now on they are counted and dropped.',
        params: TenantParams,
        response: { 200: Done, 202: GoesOn, ...errors('operator', ['TENANT_NOT_FOUND']) },
      },
    },
    async (request, reply) => {
      const row = await eraser.eraseTenant(request.params.id)
      if (!row) throw new AppError('TENANT_NOT_FOUND', `There is no tenant ${request.params.id}`)
      return answer(reply, await eraser.work(row, clock.now() + WORK_MS))
    },
  )
}
