import { decodeCursor, encodeCursor } from './cursor.ts'
import { GraphError } from './graph-error.ts'
import { type GraphContext, limitOf, text } from './graph-request.ts'
import { PAGE_NODE } from './page-fields.ts'
import { pageUrl } from './paging.ts'
import { nonExisting, plain, selectFields } from './select-fields.ts'

/** `GET /me` with a user token. */
export function readUser({ world, request }: GraphContext) {
  const wanted = text(request, 'fields')
  const known: Record<string, unknown> = { id: world.user.id, name: world.user.name }
  const fields = wanted === undefined ? plain('name', 'id') : world.parseFields(wanted)
  const shown: Record<string, unknown> = {}
  for (const { name } of fields) {
    if (!(name in known)) throw nonExisting(name, 'User')
    shown[name] = known[name]
  }
  return { ...shown, id: world.user.id }
}

/** `GET /{app-scoped user id}/ids_for_pages`: by which ids the pages know the person. With the app's token. */
export function readIdsForPages({ world, token }: GraphContext) {
  if (token?.kind !== 'app') throw new GraphError(100, '(#100) This endpoint requires an app access token')
  const data = [...world.pages.values()].flatMap((page) =>
    [...page.people]
      .filter(([, { app_user }]) => app_user)
      .map(([person]) => ({
        id: page.store.ids.people.encode(person),
        page: { id: page.id, name: page.details.name },
      })),
  )
  return { data }
}

const TASKS = ['ANALYZE', 'ADVERTISE', 'MESSAGING', 'MODERATE', 'CREATE_CONTENT', 'MANAGE']
const DEFAULT_FIELDS = 'access_token,category,category_list,name,id,tasks'

/** `GET /me/accounts`: the pages of the person who logged in, each with its own token. */
export function readAccounts(context: GraphContext) {
  const { world, request, token } = context
  if (token?.kind !== 'user') throw new GraphError(190, 'A user access token is required to request this resource.')
  if (!token.scopes.has('pages_show_list')) return { data: [] }
  const limit = Math.min(limitOf(text(request, 'limit'), 25), 100)
  const after = text(request, 'after')
  const from = after === undefined ? 0 : decodeCursor(after, world.cursorAge, 1)[0]! + 1
  const pages = [...world.pages.values()]
  const wanted = world.parseFields(text(request, 'fields') ?? DEFAULT_FIELDS)
  const shown = pages.slice(from, from + limit)
  const data = shown.map((page) => {
    const node = selectFields(
      PAGE_NODE,
      page,
      wanted.filter(({ name }) => name !== 'tasks'),
      context,
    )
    return wanted.some(({ name }) => name === 'tasks') ? { ...node, tasks: TASKS } : node
  })
  if (shown.length === 0) return { data }
  const cursors = {
    before: encodeCursor(world.cursorAge, from),
    after: encodeCursor(world.cursorAge, from + shown.length - 1),
  }
  if (from + shown.length >= pages.length) return { data, paging: { cursors } }
  const next = pageUrl(context, `${world.user.id}/accounts`, {
    fields: text(request, 'fields'),
    limit: String(limit),
    after: cursors.after,
  })
  return { data, paging: { cursors, next } }
}
