import fastJson, { type Schema } from 'fast-json-stringify'

interface RouteSchema {
  readonly schema: unknown
  readonly httpStatus?: string | undefined
}

type Serialize = (value: unknown) => string
type SharedSchemas = Readonly<Record<string, unknown>>

/**
 * Fastify's own way compiles every answer of every route when it starts, each with all shared schemas: with a hundred
 * routes of ten answers that is half a minute of a busy processor. Here an answer is compiled when it is first written,
 * with the shared schemas that it names; errors are written as they stand (`sendProblem` does so in any case).
 */
export function createSerializerCompiler(sharedSchemas: () => SharedSchemas) {
  return ({ schema, httpStatus }: RouteSchema): Serialize => {
    if (Number(httpStatus) >= 400) return JSON.stringify
    let serialize: Serialize | undefined
    return (value) => {
      serialize ??= fastJson(schema as Schema, { schema: named(schema, sharedSchemas()) as Record<string, Schema> })
      return serialize(value)
    }
  }
}

/** The shared schemas that a schema names, and those that they name. */
function named(schema: unknown, shared: SharedSchemas): SharedSchemas {
  const found: Record<string, unknown> = {}
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, member] of Object.entries(value)) {
      const name = key === '$ref' && typeof member === 'string' ? member.split('#')[0] : undefined
      if (!name || name in found || !(name in shared)) look(member)
      else {
        found[name] = shared[name]
        look(shared[name])
      }
    }
  }
  look(schema)
  return found
}
