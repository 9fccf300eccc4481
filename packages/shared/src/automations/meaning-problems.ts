import type { ArgumentProblem } from '../model/command-arguments.ts'
import { fillTemplate, unknownPlaceholders } from './fill-template.ts'
import { foldText } from './fold-text.ts'
import { isDate, overlappingHours } from './open-hours.ts'
import { regexSize } from './regex-set.ts'
import { isTimeZone } from './wall-clock.ts'
import type { WeekHours } from './week-hours.ts'

/** Every member of the rule shapes whose schema does not say all; a name means the same in each of them. */
interface Meaningful {
  readonly timezone?: string | null
  readonly business_hours?: WeekHours
  readonly hours?: WeekHours | null
  readonly trigger?: string
  readonly holidays?: readonly string[]
  readonly keyword?: string
  readonly match_type?: string
  readonly keywords?: readonly string[]
}

const TEMPLATES = ['message', 'response_message', 'answer', 'thanks_message', 'invalid_message'] as const

/** What is wrong with values that fit their schema. */
export function meaningProblems(value: Meaningful): ArgumentProblem[] {
  const problems: ArgumentProblem[] = []
  const say = (path: string, message: string): void => void problems.push({ path, message })
  for (const name of TEMPLATES) {
    const template = (value as Readonly<Record<string, unknown>>)[name]
    if (typeof template === 'string') for (const message of templateProblems(template)) say(`/${name}`, message)
  }
  sayOfTimes(value, say)
  sayOfKeywords(value, say)
  return problems
}

type Say = (path: string, message: string) => void

function sayOfTimes(value: Meaningful, say: Say): void {
  if (typeof value.timezone === 'string' && !isTimeZone(value.timezone)) say('/timezone', 'is no IANA time zone')
  for (const name of ['business_hours', 'hours'] as const) {
    const overlap = value[name] ? overlappingHours(value[name]) : null
    if (overlap !== null) say(`/${name}${overlap}`, 'overlaps other hours')
  }
  if (value.trigger === 'specific_time' && !Object.values(value.hours ?? {}).some(({ length }) => length > 0))
    say('/hours', 'is required for trigger specific_time')
  for (const [i, date] of (value.holidays ?? []).entries()) if (!isDate(date)) say(`/holidays/${i}`, 'is no date')
}

function sayOfKeywords(value: Meaningful, say: Say): void {
  if (value.match_type === 'regex') {
    const compiled = regexSize(value.keyword ?? '')
    if ('problem' in compiled) say('/keyword', compiled.problem)
  } else if (value.keyword !== undefined && foldText(value.keyword) === '') say('/keyword', 'must not be blank')
  for (const [i, keyword] of (value.keywords ?? []).entries())
    if (foldText(keyword) === '') say(`/keywords/${i}`, 'must not be blank')
}

function* templateProblems(template: string): Generator<string> {
  const [unknown] = unknownPlaceholders(template)
  if (unknown !== undefined) yield `{{${unknown}}} is not known; {{name}}, {{first_name}} and {{page_name}} are`
  if (fillTemplate(template, { name: null, firstName: null, pageName: '' }) === '')
    yield 'must say something where no name is known'
}
