import { type Static, type TObject, type TSchema, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { AppError, type FieldProblem } from '../errors/app-error.ts'

/** Prefixes that are ours alone: a variable that starts so and is in no schema is a typing mistake. */
const OWN_PREFIXES = ['FB_', 'PAGESYNC_']

/** Text that must not be shown: `docs/configuration.md` and errors leave its value out. */
export const Secret = (options: { description: string; minLength?: number; default?: string }) =>
  Type.String({ maxLength: 4096, ...options, secret: true })

export const Port = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: fallback, description })

/** Every variable that any of our services knows: what one service does not use may still be set for another. */
const KNOWN = new Set<string>(['PAGESYNC_ENGINES_DIR'])

/** Names variables that exist although the schema at hand has none of them. */
export function knownVariables(names: readonly string[]): void {
  for (const name of names) KNOWN.add(name)
}

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
  for (const name of Object.keys(environment)) {
    const ours = OWN_PREFIXES.some((prefix) => name.startsWith(prefix))
    if (ours && !(name in schema.properties) && !KNOWN.has(name))
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
