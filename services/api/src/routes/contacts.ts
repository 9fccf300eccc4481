import { createNameMatch } from '@pagesync/shared/model/name-words.ts'
import type { ContactRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createListing } from '../listing.ts'
import { errors, IdParams, list, listQuery, Search, success } from '../route-shapes.ts'
import { Contact, presentContact } from '../views/contact.ts'
import { named } from '../views/shapes.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer() })
const readListing = createListing('contacts', Position, ({ _id, id }: ContactRow) => ({ _id, id }))

const Filters = { q: Search, tag: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })) }

export const registerContacts: RegisterRoutes = (api, { reader, ownership }) => {
  api.get(
    '/pages/:id/contacts',
    {
      config: { access: 'read' },
      schema: {
        tags: ['contacts'],
        summary: "List a page's contacts",
        params: IdParams,
        description: 'With a filter a page of the list may be short, even empty, and still have a `next_cursor`.',
        querystring: listQuery('newest', Filters),
        response: { 200: list('contacts', Contact), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.id)
      const { sort = 'newest', q, tag } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        {
          fetch: (limit, after) => reader.contacts(page.id, sort, limit, after),
          keep: contactFilter(q, tag),
        },
      )
      return { success: true as const, contacts: rows.map(presentContact), next_cursor: nextCursor }
    },
  )

  api.get(
    '/contacts/:id',
    {
      config: { access: 'read' },
      schema: {
        tags: ['contacts'],
        summary: 'Show a contact',
        params: IdParams,
        response: { 200: success({ contact: named(Contact) }), ...errors('read', ['CONTACT_NOT_FOUND']) },
      },
    },
    async (request) => ({
      success: true as const,
      contact: presentContact(await ownership.contact(callerOf(request), request.params.id)),
    }),
  )
}

/** Undefined: nothing is filtered. */
function contactFilter(q: string | undefined, tag: string | undefined): ((row: ContactRow) => boolean) | undefined {
  if (q === undefined && tag === undefined) return undefined
  const matches = q === undefined ? () => true : createNameMatch(q)
  return (row) => (tag === undefined || row.tags.includes(tag)) && matches(row.name)
}
