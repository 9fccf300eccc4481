import type { AuditRow } from '@pagesync/shared/store/repositories/access-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { findCaller } from '../caller.ts'
import { createListing } from '../listing.ts'
import { readTime } from '../rfc3339-time.ts'
import { errors, list, listQuery } from '../route-shapes.ts'
import { AuditEntry, presentAuditEntry } from '../views/audit-entry.ts'

const Position = Type.Object({ _id: Type.String(), at_ms: Type.Integer() })
const readListing = createListing('audit log', Position, ({ _id, at_ms }: AuditRow) => ({ _id, at_ms }))

const time = (description: string) => Type.Optional(Type.String({ maxLength: 40, description }))
const Filters = { from: time('From this time on'), to: time('Before this time') }

export const registerAuditLog: RegisterRoutes = (api, { auditLog }) => {
  api.get(
    '/audit-log',
    {
      config: { access: 'admin-or-operator', wholeTenant: true },
      schema: {
        tags: ['access'],
        summary: 'Who did what, when, from where, with what result',
        description:
          'Every change, and every try that was refused to somebody known, newest first; the operator sees everybody’s. ' +
          'An entry is there a moment after its answer. Nothing here can be changed.',
        querystring: Type.Omit(listQuery('newest', Filters), ['sort'], { additionalProperties: false }),
        response: { 200: list('audit_log', AuditEntry), ...errors('admin-or-operator') },
      },
    },
    async (request) => {
      const { from, to, ...query } = request.query
      const period = {
        ...(from === undefined ? {} : { fromMs: readTime('/query/from', from) }),
        ...(to === undefined ? {} : { toMs: readTime('/query/to', to) }),
      }
      const tenantId = findCaller(request)?.tenantId ?? null
      const { rows, nextCursor } = await readListing(
        { ...query, sort: 'newest' },
        { fetch: (limit, after) => auditLog.list(tenantId, period, limit, after) },
      )
      return { success: true as const, audit_log: rows.map(presentAuditEntry), next_cursor: nextCursor }
    },
  )
}
