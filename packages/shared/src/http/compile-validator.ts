import { Kind, type TObject, type TSchema } from '@sinclair/typebox'
import { TypeCompiler, type ValueError } from '@sinclair/typebox/compiler'
import { ValueErrorType } from '@sinclair/typebox/errors'

/** Fastify's validator compiler: told which part of the request the schema is for. */
interface RouteSchema {
  readonly schema: TSchema
  readonly httpPart?: string
}

interface SchemaProblem {
  readonly instancePath: string
  readonly message: string
}

type Validator = (value: unknown) => { value: unknown } | { error: SchemaProblem[] }

const PROBLEMS_MAX = 20
const INTEGER = /^-?(0|[1-9][0-9]{0,15})$/

/**
 * Validates by TypeBox. A body must be as the schema says. Path and query are text: whole numbers and true/false are
 * converted where they are written exactly so, never guessed (TypeBox's own conversion takes `1.9` for 1 and `1` for
 * true). One problem is told for each place, in words for the caller.
 */
export function compileValidator({ schema, httpPart }: RouteSchema): Validator {
  const check = TypeCompiler.Compile(schema)
  const isText = httpPart === 'params' || httpPart === 'querystring'
  return (raw) => {
    const value = isText ? fromText(schema as TObject, raw) : raw
    if (check.Check(value)) return { value }
    const problems = new Map<string, string>()
    for (const error of check.Errors(value)) {
      if (!problems.has(error.path)) problems.set(error.path, explain(error))
      if (problems.size === PROBLEMS_MAX) break
    }
    return { error: [...problems].map(([instancePath, message]) => ({ instancePath, message })) }
  }
}

function fromText(schema: TObject, raw: unknown): unknown {
  if (typeof raw !== 'object' || raw === null) return raw
  const converted: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(raw)) converted[name] = convert(schema.properties?.[name], value)
  return converted
}

function convert(property: TSchema | undefined, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (property?.type === 'integer') return INTEGER.test(value) ? Number(value) : value
  if (property?.type === 'boolean') return value === 'true' ? true : value === 'false' ? false : value
  return value
}

/** TypeBox's message in our words where its own would not tell a caller what to do. */
function explain(error: ValueError): string {
  switch (error.type) {
    case ValueErrorType.ObjectAdditionalProperties:
      return 'is not known here'
    case ValueErrorType.ObjectRequiredProperty:
      return 'is required'
    case ValueErrorType.ObjectMinProperties:
      return 'must name at least one member'
    case ValueErrorType.ObjectMaxProperties:
      return `must have at most ${error.schema.maxProperties} members`
    case ValueErrorType.Union:
      return explainNear(error) ?? explainUnion(error.schema.anyOf as TSchema[])
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.NumberMinimum:
      return `must be at least ${error.schema.minimum}`
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMaximum:
      return `must be at most ${error.schema.maximum}`
    case ValueErrorType.StringMinLength:
      return error.schema.minLength === 1
        ? 'must not be empty'
        : `must have at least ${error.schema.minLength} characters`
    case ValueErrorType.StringMaxLength:
      return `must have at most ${error.schema.maxLength} characters`
    case ValueErrorType.StringPattern:
      return `must match ${error.schema.pattern}`
    case ValueErrorType.ArrayMinItems:
      return `must have at least ${error.schema.minItems} items`
    case ValueErrorType.ArrayMaxItems:
      return `must have at most ${error.schema.maxItems} items`
    case ValueErrorType.ArrayUniqueItems:
      return 'must not name anything twice'
    case ValueErrorType.Literal:
      return `must be ${JSON.stringify(error.schema.const)}`
    default:
      return typeof error.schema.type === 'string' ? `must be ${WITH_ARTICLE[error.schema.type]}` : error.message
  }
}

const WITH_ARTICLE: Readonly<Record<string, string>> = {
  string: 'a string',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
}

const OF_ANOTHER_KIND: ReadonlySet<ValueErrorType> = new Set([
  ValueErrorType.String,
  ValueErrorType.Integer,
  ValueErrorType.Number,
  ValueErrorType.Boolean,
  ValueErrorType.Array,
  ValueErrorType.Object,
  ValueErrorType.Null,
  ValueErrorType.Literal,
])

/** What is wrong with a value that is of the kind of one of the variants, such as a string that does not match. */
function explainNear({ errors, path }: ValueError): string | undefined {
  const firsts = errors.map((variant) => variant.First())
  const near = firsts.find((first) => first?.path === path && !OF_ANOTHER_KIND.has(first.type))
  return near && explain(near)
}

function explainUnion(variants: readonly TSchema[]): string {
  const shown = variants.map((variant) =>
    variant[Kind] === 'Literal' ? String(variant.const) : (WITH_ARTICLE[variant.type] ?? 'another form'),
  )
  return `must be one of ${shown.join(', ')}`
}
