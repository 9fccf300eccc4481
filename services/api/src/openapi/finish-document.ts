import { simplifySchemas } from './simplify-schemas.ts'

interface Parameter {
  readonly in: string
  readonly name: string
}

interface Operation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: {
    readonly content?: Readonly<Record<string, { readonly schema?: { required?: unknown; minProperties?: number } }>>
  }
}

/** The document as @fastify/swagger makes it, with what it cannot know: which bodies may be left out, and how headers are written. */
export function finishDocument<T extends object>(document: T): T {
  const { paths = {} } = document as { paths?: Record<string, Record<string, Operation>> }
  const finished = mapValues(paths, (operations) => mapValues(operations, finishOperation))
  return simplifySchemas({ ...document, paths: finished })
}

function finishOperation({ parameters, requestBody, ...operation }: Operation): object {
  return {
    ...operation,
    ...(parameters ? { parameters: parameters.map(named).toSorted(pathFirst) } : {}),
    ...(requestBody ? { requestBody: { ...requestBody, required: needsMembers(requestBody) } } : {}),
  }
}

/** Headers are validated in lower case, as Node gives them; people write `Idempotency-Key`. */
function named(parameter: Parameter): Parameter {
  if (parameter.in !== 'header') return parameter
  return { ...parameter, name: parameter.name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()) }
}

const pathFirst = (a: Parameter, b: Parameter): number => Number(b.in === 'path') - Number(a.in === 'path')

/** A body none of whose members is required may be left out as a whole. */
function needsMembers({ content = {} }: NonNullable<Operation['requestBody']>): boolean {
  return Object.values(content).some(
    ({ schema }) => (Array.isArray(schema?.required) && schema.required.length > 0) || (schema?.minProperties ?? 0) > 0,
  )
}

function mapValues<A, B>(object: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, map(value)]))
}
