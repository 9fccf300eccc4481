import type { TObject, TSchema } from '@sinclair/typebox'

/** One variable of a service's environment, as its schema describes it. */
export interface Setting {
  readonly name: string
  readonly required: boolean
  readonly secret: boolean
  /** The type and its limits, in words. */
  readonly type: string
  readonly otherwise: string | undefined
  readonly meaning: string
}

export function settingsOf(schema: TObject): Setting[] {
  return Object.entries(schema.properties).map(([name, property]) => {
    if (property.description === undefined) throw new Error(`${name} has no description`)
    return {
      name,
      required: (schema.required ?? []).includes(name) && property.default === undefined,
      secret: property.secret === true,
      type: typeInWords(property),
      otherwise: property.default === undefined ? undefined : String(property.default),
      meaning: property.description,
    }
  })
}

function typeInWords(property: TSchema): string {
  const { type, minimum, exclusiveMinimum, maximum, minLength, maxLength, pattern } = property
  const limits = [
    minimum === undefined ? undefined : `at least ${minimum}`,
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    maximum === undefined ? undefined : `at most ${maximum}`,
    minLength === undefined ? undefined : `at least ${minLength} characters`,
    maxLength === undefined ? undefined : `at most ${maxLength} characters`,
    pattern === undefined ? undefined : `of the form \`${pattern}\``,
  ].filter((limit) => limit !== undefined)
  const name = type === 'string' ? 'text' : type === 'integer' ? 'whole number' : String(type)
  return limits.length === 0 ? name : `${name}, ${limits.join(', ')}`
}
