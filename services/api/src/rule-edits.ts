import type { AutomationType } from '@pagesync/shared/automations/automation.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import type { ArgumentProblem } from '@pagesync/shared/model/command-arguments.ts'
import type { AutomationRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { type TObject, type TSchema, Type } from '@sinclair/typebox'

type Members = Readonly<Record<string, unknown>>

/** The body of a partial change: every member may be left out, and null gives those that have a default theirs back. */
export function changeBody(schema: TObject, examples: unknown[]) {
  const properties = Object.fromEntries(
    Object.entries(schema.properties).map(([name, property]: [string, TSchema]) => {
      const mayBeNull = !(schema.required ?? []).includes(name)
      return [name, Type.Optional(mayBeNull ? Type.Union([property, Type.Null()]) : property)]
    }),
  )
  return Type.Unsafe<Members>(
    Type.Object(properties, { additionalProperties: false, minProperties: 1, examples: [...examples] }),
  )
}

/** What is stored, with what was given; null leaves the default. */
export function withChanges(stored: object, given: Members): Members {
  const next = { ...stored, ...given }
  return Object.fromEntries(Object.entries(next).filter(([, value]) => value !== null && value !== undefined))
}

/** @throws AppError VALIDATION_FAILED naming each problem; `at` is where in the body they are */
export function assertNoProblems(problems: readonly ArgumentProblem[], at = ''): void {
  const [first] = problems
  if (!first) return
  const placed = problems.map(({ path, message }) => ({ path: placeOf(at, path), message }))
  throw new AppError('VALIDATION_FAILED', `${placed[0]?.path}: ${first.message}`, { problems: placed })
}

const placeOf = (at: string, path: string): string => `${at}${path === '/' ? '' : path}` || '/'

/** @throws AppError VALIDATION_FAILED when the page would have more of them than can be kept in memory */
export function assertRoomFor(count: number, more: number, max: number, what: string): void {
  if (count + more <= max) return
  const problems = [{ path: '/', message: `a page has at most ${max} ${what}, and has ${count} already` }]
  throw new AppError('VALIDATION_FAILED', `/: ${problems[0]?.message}`, { problems })
}

/** @throws AppError VALIDATION_FAILED where the automation is of a type that has no such parts */
export function assertAutomationType({ id, type }: AutomationRow, wanted: AutomationType): void {
  if (type === wanted) return
  const problems = [{ path: '/params/id', message: `automation ${id} is of type ${type}, not ${wanted}` }]
  throw new AppError('VALIDATION_FAILED', `/params/id: ${problems[0]?.message}`, { problems })
}

export const RULE_WRITE_ERRORS: readonly ErrorCode[] = ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'WRITE_CONFLICT']
