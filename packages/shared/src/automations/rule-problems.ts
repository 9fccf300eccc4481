import type { TObject } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler, ValueErrorType } from '@sinclair/typebox/compiler'
import type { ArgumentProblem } from '../model/command-arguments.ts'
import { AUTOMATION_TYPES, type AutomationType } from './automation.ts'
import { AwayMessageConfig } from './away-message.ts'
import { CommentToMessageConfig } from './comment-to-message.ts'
import { ContactInfoConfig } from './contact-info.ts'
import { CustomKeywordConfig, KeywordBody } from './custom-keyword.ts'
import { FaqBody, FaqConfig } from './faq.ts'
import { InstantReplyBody, InstantReplyConfig } from './instant-reply.ts'
import { meaningProblems } from './meaning-problems.ts'
import { UnansweredAlertConfig } from './unanswered-alert.ts'

/** What `config` holds for each type. Where all members are optional, so is the config. */
export const AUTOMATION_CONFIGS: Readonly<Record<AutomationType, TObject>> = {
  instant_reply: InstantReplyConfig,
  custom_keyword: CustomKeywordConfig,
  away_message: AwayMessageConfig,
  faq: FaqConfig,
  comment_to_message: CommentToMessageConfig,
  unanswered_alert: UnansweredAlertConfig,
  contact_info: ContactInfoConfig,
}

const PART_BODIES = { keyword: KeywordBody, instant_reply: InstantReplyBody, faq: FaqBody } as const
export type RulePart = keyof typeof PART_BODIES

const CONFIG_CHECKS = new Map<string, TypeCheck<TObject>>(
  AUTOMATION_TYPES.map((type) => [type, TypeCompiler.Compile(AUTOMATION_CONFIGS[type])]),
)
const PART_CHECKS = new Map<string, TypeCheck<TObject>>(
  Object.entries(PART_BODIES).map(([part, body]) => [part, TypeCompiler.Compile(body as TObject)]),
)
const PROBLEMS_MAX = 20

/** What is wrong with an automation's config, by its type; paths are JSON pointers within the config. Empty: it can be used. */
export function configProblems(type: AutomationType, config: unknown): ArgumentProblem[] {
  return problemsOf(CONFIG_CHECKS.get(type)!, config ?? {})
}

/** What is wrong with a keyword, an instant reply or an FAQ as a caller writes it; paths are JSON pointers within it. */
export function partProblems(part: RulePart, body: unknown): ArgumentProblem[] {
  return problemsOf(PART_CHECKS.get(part)!, body)
}

/** The first thing that is wrong with a stored part, in words; null: it can be used. Members that are no caller's are not looked at. */
export function storedPartProblem(part: RulePart, row: object): string | null {
  const known = PART_BODIES[part].properties
  const body = Object.fromEntries(Object.entries(row).filter(([name, value]) => name in known && value !== null))
  return inWords(partProblems(part, body))
}

/** The same of a stored config. */
export function storedConfigProblem(type: AutomationType, config: object | null): string | null {
  return inWords(configProblems(type, withoutNulls(config)))
}

/** Null is how a member is cleared. */
export function withoutNulls(config: object | null): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config ?? {}).filter(([, value]) => value !== null))
}

function inWords([first]: ArgumentProblem[]): string | null {
  return first ? `${first.path} ${first.message}` : null
}

/** What a schema cannot say is asked of values that fit it. */
function problemsOf(check: TypeCheck<TObject>, value: unknown): ArgumentProblem[] {
  if (check.Check(value)) return meaningProblems(value)
  const problems = new Map<string, ArgumentProblem>()
  for (const { path, type, message } of check.Errors(value)) {
    const isUnknown = type === ValueErrorType.ObjectAdditionalProperties
    if (!problems.has(path))
      problems.set(path, { path: path || '/', message: isUnknown ? 'is not known here' : message })
    if (problems.size === PROBLEMS_MAX) break
  }
  return [...problems.values()]
}
