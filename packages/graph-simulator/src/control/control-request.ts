import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { SimulatedPage, World } from '../world.ts'

/** A wrong use of the control API: answered with its status and all that is wrong. */
export class ControlError extends Error {
  readonly status: number
  readonly problems: readonly string[]

  constructor(status: number, message: string, problems: readonly string[] = []) {
    super(message)
    this.name = 'ControlError'
    this.status = status
    this.problems = problems
  }
}

/** One call of the control API, by HTTP or in the process. */
export interface ControlRequest {
  readonly method: string
  /** Pieces of the path behind `/_control`. */
  readonly path: readonly string[]
  readonly query: URLSearchParams
  readonly body: unknown
}

/** The body as `schema` says; all that is wrong with it is told at once. */
export function checked<Schema extends TSchema>(schema: Schema, body: unknown): Static<Schema> {
  if (Value.Check(schema, body)) return body
  const problems = [...Value.Errors(schema, body)].map(
    ({ path, message }) => `${path === '' ? 'body' : path}: ${message}`,
  )
  throw new ControlError(400, 'The request is not valid', [...new Set(problems)].slice(0, 20))
}

export const PageId = Type.Union([Type.String({ pattern: '^\\d{1,20}$' }), Type.Integer({ minimum: 1 })], {
  description: 'Facebook’s id of the page; may be left out while there is one page only',
})
export const Psid = Type.String({ pattern: '^\\d{1,20}$' })

/** The page that is meant: the one named, or the only one. */
export function pageNamed(world: World, id: string | number | undefined): SimulatedPage {
  if (id === undefined) {
    const [only, ...others] = world.pages.values()
    if (only !== undefined && others.length === 0) return only
    throw new ControlError(400, 'The request is not valid', [
      '/facebook_page_id: required, since there are several pages',
    ])
  }
  const page = world.pages.get(String(id))
  if (page === undefined) throw new ControlError(404, `There is no page ${id}`)
  return page
}
