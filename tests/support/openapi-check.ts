import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import type { HttpAnswer } from './system.ts'
import { call } from './system.ts'

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
}

/** The API's own document, and answers held against it. */
export interface OpenApiCheck {
  // biome-ignore lint/suspicious/noExplicitAny: looked at member by member
  readonly document: any
  /** Throws unless the document has this answer for the operation; `path` as it is in the document. */
  expectDocumented(method: string, path: string, answer: HttpAnswer): void
}

export async function fetchOpenApi(origin: string): Promise<OpenApiCheck> {
  const { body: document } = await call(`${origin}/docs/json`, 'GET')
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, 'openapi')
  const compiled = new Map<string, ValidateFunction>()

  const validatorOf = (pointer: string): ValidateFunction => {
    const known = compiled.get(pointer)
    if (known) return known
    const validate = ajv.compile({ $ref: `openapi#${pointer}` })
    compiled.set(pointer, validate)
    return validate
  }

  return {
    document,
    expectDocumented(method, path, { status, headers, body }) {
      const what = `${method} ${path} ${status}`
      const operation: Operation | undefined = document.paths[path]?.[method.toLowerCase()]
      const type = String(headers['content-type']).split(';')[0]!
      if (!operation?.responses[status]?.content?.[type]) throw new Error(`${what} as ${type} is not documented`)
      const pointer = ['', 'paths', path, method.toLowerCase(), 'responses', String(status), 'content', type, 'schema']
      const validate = validatorOf(pointer.map(escapePointer).join('/'))
      if (!validate(body)) throw new Error(`${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(body)}`)
    },
  }
}

/** A JSON pointer in a URI fragment. */
function escapePointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))
}
