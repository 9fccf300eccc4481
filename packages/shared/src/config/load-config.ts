import type { Static, TObject, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { AppError, type FieldProblem } from '../errors/app-error.ts'
import { KNOWN_VARIABLES } from './common-config.ts'

/** Prefixes that are ours alone: a variable that starts so and is known to no service is a typing mistake. */
const OWN_PREFIXES = ['FB_', 'PAGESYNC_']

/**
 * Turns the environment into a checked, frozen object of the schema's shape. Empty variables count as unset.
 *
 * @throws AppError CONFIGURATION_INVALID that tells all problems at once, each with the variable's name and never a value of a secret
 */
export function loadConfig<T extends TObject>(
  schema: T,
  environment: Readonly<Record<string, string | undefined>>,
): Readonly<Static<T>> {
  const problems: FieldProblem[] = []
  const values: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(schema.properties)) {
    const raw = environment[name]
    if (raw !== undefined && raw !== '') values[name] = fromText(property, raw)
    else if (property.default !== undefined) values[name] = property.default
  }
  for (const error of Value.Errors(schema, values)) {
    const name = error.path.slice(1)
    if (!problems.some((problem) => problem.path === name))
      problems.push({ path: name, message: explain(schema.properties[name], values[name], error.message) })
  }
  for (const [name, { check }] of Object.entries(schema.properties)) {
    const value = values[name]
    if (typeof value !== 'string' || typeof check !== 'function') continue
    for (const message of check(value) as readonly string[]) problems.push({ path: name, message })
  }
  for (const name of Object.keys(environment)) {
    const ours = OWN_PREFIXES.some((prefix) => name.startsWith(prefix))
    if (ours && !(name in schema.properties) && !KNOWN_VARIABLES.has(name))
      problems.push({ path: name, message: 'is not a variable that Pagesync knows' })
  }
  if (problems.length > 0) {
    const list = problems.map((problem) => `  ${problem.path} ${problem.message}`).join('\n')
    throw new AppError(
      'CONFIGURATION_INVALID',
      `The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${list}`,
      { problems },
    )
  }
  return Object.freeze(values as Static<T>)
}

function fromText(property: TSchema, raw: string): unknown {
  if (property.type === 'integer' || property.type === 'number')
    return /^-?[0-9]+(\.[0-9]+)?$/.test(raw) ? Number(raw) : raw
  if (property.type === 'boolean') return raw === 'true' ? true : raw === 'false' ? false : raw
  return raw
}

function explain(property: TSchema | undefined, value: unknown, message: string): string {
  const meaning = property?.description ? ` (${property.description})` : ''
  if (value === undefined) return `is required${meaning}`
  const shown = property?.secret ? '' : `, but is ${JSON.stringify(value)}`
  return `must be as follows: ${message.toLowerCase()}${shown}${meaning}`
}
