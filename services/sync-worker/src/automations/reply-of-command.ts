import type { AutomationType } from '@pagesync/shared/automations/automation.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { entityChange } from '@pagesync/shared/model/entity-change.ts'
import type { NewReply } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import {
  type AutomaticReplyRow,
  type ReplyPart,
  replyKey,
} from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'

/** What was answered, and where the topic told of it first. */
export interface Answered {
  readonly answered: string
  /** Facebook's id of it. */
  readonly facebookId: string
  readonly partition: number | null
  readonly offset: number | null
}

/** The line of the log, from the command that stands: whichever decision was the first. */
export function replyOfCommand(command: CommandRow, { answered, facebookId, partition, offset }: Answered): NewReply {
  const { automation_id, automation_type, part, part_id } = command.arguments as {
    readonly automation_id: number
    readonly automation_type?: AutomationType
    readonly part?: ReplyPart
    readonly part_id?: number
  }
  return {
    _id: replyKey(command.page_id, answered),
    tenant_id: command.tenant_id,
    page_id: command.page_id,
    conversation_key: command.conversation_key,
    automation_id,
    automation_type: automation_type ?? 'comment_to_message',
    part: part ?? null,
    part_id: part_id ?? null,
    command_id: command.command_id,
    answered_id: facebookId,
    at_ms: command.accepted_ms,
    log_partition: partition,
    log_offset: offset,
    counted_as: null,
  }
}

export interface Triggered {
  readonly facebookPageId: string
  readonly conversationId: number | null
  readonly eventId: string | null
  readonly more?: Readonly<Record<string, unknown>>
}

/** Told under an id that comes from what was answered: repeated by a batch that comes again, it is the same change. */
export function triggeredChange(reply: AutomaticReplyRow, about: Triggered): Change {
  const { facebookPageId, conversationId, eventId, more = {} } = about
  const page = { tenant_id: reply.tenant_id, id: reply.page_id, facebook_page_id: facebookPageId }
  return entityChange({ _id: reply._id, id: reply.id, rev: 1 }, page, {
    type: 'automation.triggered',
    cause: eventId === null ? {} : { event_id: eventId },
    fields: {
      automation_id: reply.automation_id,
      automation_type: reply.automation_type,
      part: reply.part,
      part_id: reply.part_id,
      conversation_id: conversationId,
      command_id: reply.command_id,
      answered_id: reply.answered_id,
      ...more,
    },
    atMs: reply.at_ms,
  })
}
