import { AppError } from '../errors/app-error.ts'
import { bare, fieldAt, type GraphField, isId, pathsIn, replaceAt, withoutPaths } from './graph-fields.ts'

/** Makes the call with these fields. */
export type CallWithFields<T> = (fields: readonly GraphField[]) => Promise<T>

/** Facebook fails a whole call for one field that is retired or not permitted with one of these. */
const CODES: ReadonlySet<number | undefined> = new Set([10, 100, 200])
/** More calls are not spent: what is still suspected then is left out. */
const CALLS_MAX = 24
const HINTS_MAX = 4

/** Whether a field may be to blame. Subcodes with a meaning of their own have another code of ours. */
export function mayBeForFields(error: unknown): error is AppError {
  return (
    error instanceof AppError &&
    CODES.has(error.facebook?.code) &&
    (error.code === 'FACEBOOK_REJECTED' || error.code === 'PERMISSION_MISSING')
  )
}

export interface FoundFields<T> {
  readonly refused: readonly string[]
  /** What the call answers without them. */
  readonly value: T
}

/**
 * Finds the fields that make a call fail; undefined where it fails without any of them, too. What decides is whether
 * the call succeeds: a name in Facebook's message only says what to try first (usually the one call that it takes).
 *
 * @param first what the call with all fields failed with
 * @throws AppError whatever else the calls fail with
 */
export async function findRefusedFields<T>(
  fields: readonly GraphField[],
  first: AppError,
  call: CallWithFields<T>,
): Promise<FoundFields<T> | undefined> {
  const tries = createTries(call)
  const hinted = await byHints(fields, first, tries)
  if (hinted) return hinted
  if (await tries.fails(fields.filter(isId))) return undefined
  const refused = await search(fields, '', (some) => some, tries)
  return { refused, value: await call(withoutPaths(fields, new Set(refused))) }
}

interface Tries<T> {
  attempt(fields: readonly GraphField[]): Promise<{ readonly value: T } | { readonly refusal: AppError }>
  /** True, too, when no more calls may be spent. */
  fails(fields: readonly GraphField[]): Promise<boolean>
}

function createTries<T>(call: CallWithFields<T>): Tries<T> {
  let calls = 0
  const attempt: Tries<T>['attempt'] = async (fields) => {
    calls++
    try {
      return { value: await call(fields) }
    } catch (error) {
      if (!mayBeForFields(error)) throw error
      return { refusal: error }
    }
  }
  return { attempt, fails: async (fields) => calls >= CALLS_MAX || 'refusal' in (await attempt(fields)) }
}

/** Leaves out what the messages name, one after the other, until the call succeeds. */
async function byHints<T>(
  fields: readonly GraphField[],
  first: AppError,
  tries: Tries<T>,
): Promise<FoundFields<T> | undefined> {
  const dropped: string[] = []
  for (let refusal = first; dropped.length < HINTS_MAX; ) {
    const rest = withoutPaths(fields, new Set(dropped))
    const named = hintIn(refusal, rest)
    if (named === undefined) return undefined
    dropped.push(named)
    const tried = await tries.attempt(withoutPaths(fields, new Set(dropped)))
    if ('value' in tried) return withoutInnocent(fields, dropped, tried.value, tries)
    refusal = tried.refusal
  }
  return undefined
}

/** The call fails with the last one and succeeds without; those before it, and what is inside of any, may be innocent. */
async function withoutInnocent<T>(
  fields: readonly GraphField[],
  dropped: readonly string[],
  value: T,
  tries: Tries<T>,
): Promise<FoundFields<T>> {
  let found: FoundFields<T> = { refused: dropped, value }
  for (const path of dropped.slice(0, -1)) {
    const others = found.refused.filter((other) => other !== path)
    const tried = await tries.attempt(withoutPaths(fields, new Set(others)))
    if ('value' in tried) found = { refused: others, value: tried.value }
  }
  for (const path of found.refused) found = await withinParent(fields, path, found, tries)
  return found
}

/** A field with sub-fields: only some of them may be refused. */
async function withinParent<T>(
  fields: readonly GraphField[],
  path: string,
  found: FoundFields<T>,
  tries: Tries<T>,
): Promise<FoundFields<T>> {
  const parent = fieldAt(fields, path)
  if (!parent?.fields) return found
  const others = found.refused.filter((other) => other !== path)
  const wrap = (inner: readonly GraphField[]): readonly GraphField[] =>
    replaceAt(withoutPaths(fields, new Set(others)), path, { ...parent, fields: inner })
  if (await tries.fails(wrap(bare(parent).fields ?? []))) return found
  const refused = [...others, ...(await search(parent.fields, `${path}.`, wrap, tries))]
  const tried = await tries.attempt(withoutPaths(fields, new Set(refused)))
  return 'value' in tried ? { refused, value: tried.value } : found
}

/** Some of these fields are refused, their id is not: halves them until each culprit stands alone. */
async function search<T>(
  fields: readonly GraphField[],
  within: string,
  wrap: (some: readonly GraphField[]) => readonly GraphField[],
  tries: Tries<T>,
): Promise<string[]> {
  const id = fields.find(isId) ?? { name: 'id' }
  const fails = (some: readonly GraphField[]): Promise<boolean> => tries.fails(wrap([id, ...some]))
  const culprits = await halve(
    fields.filter((each) => !isId(each)),
    fails,
  )
  const paths: string[] = []
  for (const culprit of culprits) {
    const path = within + culprit.name
    if (!culprit.fields || (await fails([bare(culprit)]))) paths.push(path)
    else {
      const inner = (some: readonly GraphField[]): readonly GraphField[] => wrap([id, { ...culprit, fields: some }])
      paths.push(...(await search(culprit.fields, `${path}.`, inner, tries)))
    }
  }
  return paths
}

/** Those of the suspects that fail alone; together they are known to fail. */
async function halve(
  suspects: readonly GraphField[],
  fails: (some: readonly GraphField[]) => Promise<boolean>,
): Promise<GraphField[]> {
  if (suspects.length <= 1) return [...suspects]
  const middle = Math.ceil(suspects.length / 2)
  const left = suspects.slice(0, middle)
  const right = suspects.slice(middle)
  const leftFails = await fails(left)
  const culprits = leftFails ? await halve(left, fails) : []
  // Where the one half is innocent the other is guilty without another call.
  return !leftFails || (await fails(right)) ? [...culprits, ...(await halve(right, fails))] : culprits
}

/** The field whose name stands in the message: in brackets or quotes before one that is just a word of it. */
function hintIn(refusal: AppError, fields: readonly GraphField[]): string | undefined {
  const message = refusal.cause instanceof Error ? refusal.cause.message : ''
  const names = pathsIn(fields).filter((path) => !path.endsWith('.id') && path !== 'id')
  const lastOf = (path: string): string => path.slice(path.lastIndexOf('.') + 1)
  const matches = (before: string, after: string) => (path: string) =>
    new RegExp(`${before}${lastOf(path)}${after}`).test(message)
  return names.find(matches(`[("'\`]`, `[)"'\`]`)) ?? names.find(matches('\\b', '\\b'))
}
