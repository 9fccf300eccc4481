import type { TObject } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import type { ArgumentProblem } from '../model/command-arguments.ts'
import type { AutomationType } from './automation.ts'
import { AwayMessageConfig } from './away-message.ts'
import { CommentToMessageConfig } from './comment-to-message.ts'
import { ContactInfoConfig } from './contact-info.ts'
import { CustomKeywordConfig, KeywordBody } from './custom-keyword.ts'
import { FaqBody, FaqConfig } from './faq.ts'
import { InstantReplyBody, InstantReplyConfig } from './instant-reply.ts'
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

const PARTS = { keyword: KeywordBody, instant_reply: InstantReplyBody, faq: FaqBody }
export type RulePart = keyof typeof PARTS

/** What is wrong with an automation's config, by its type; paths are JSON pointers within the config. Empty: it can be used. */
export function configProblems(type: AutomationType, config: unknown): ArgumentProblem[] {
  return schemaProblems(AUTOMATION_CONFIGS[type], config ?? {})
}

/** What is wrong with a keyword, an instant reply or an FAQ; paths are JSON pointers within it. */
export function partProblems(part: RulePart, body: unknown): ArgumentProblem[] {
  return schemaProblems(PARTS[part], body)
}

function schemaProblems(schema: TObject, value: unknown): ArgumentProblem[] {
  return [...TypeCompiler.Compile(schema).Errors(value)].map(({ path, message }) => ({ path, message }))
}
