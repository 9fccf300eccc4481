import { type Static, type TSchema, Type } from '@sinclair/typebox'

/**
 * Parts of the answers' schemas. An answer is never checked against its schema at run time, only written by it, so
 * plain JSON Schema is said where TypeBox has a longer form: it reads better in the documents made from it.
 */

/** The schema's value, or null. */
export function nullable<T extends TSchema>(schema: T) {
  if (typeof schema.type === 'string') {
    const words = schema.enum ? { enum: [...schema.enum, null] } : {}
    return Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'], ...words })
  }
  return Type.Unsafe<Static<T> | null>({ anyOf: [schema, { type: 'null' }] })
}

/** One of these words. */
export const wordOf = <const T extends string>(words: readonly T[], description?: string) =>
  Type.Unsafe<T>({ type: 'string', enum: words, ...(description ? { description } : {}) })

/** A schema that stands in the documents under its own name. */
export const named = <T extends TSchema>(schema: T) => Type.Unsafe<Static<T>>({ $ref: `${schema.$id}#` })

export const Id = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER, description: "The system's own id" })
export const Time = Type.String({ format: 'date-time', examples: ['2026-01-08T10:30:00.000Z'] })
export const FacebookId = Type.String({ description: "Facebook's id, always text", examples: ['104857600000001'] })

/** RFC 3339 UTC. */
export const rfc3339 = (ms: number): string => new Date(ms).toISOString()
export const rfc3339OrNull = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : rfc3339(ms)
