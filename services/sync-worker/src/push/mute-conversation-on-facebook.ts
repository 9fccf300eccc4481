import { hash } from 'node:crypto'
import { PERMANENTLY_MS } from '@pagesync/shared/model/command-arguments.ts'
import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { commandsConversation } from '../sync/find-conversation.ts'
import { askedAt, stepConversation } from './conversation-state.ts'
import { mirrorLabel } from './mirror-label.ts'

const DAY_MS = 86_400_000

/** Mutes a conversation here until a time or for good, and shows that at Facebook as a label where that is possible. */
export const muteConversationOnFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  const { mute_until: asked } = context.command.arguments
  const untilMs = typeof asked === 'number' ? asked * 1_000 : PERMANENTLY_MS
  const row = await stepConversation(
    conversation._id,
    [{ kind: 'mute', until_ms: untilMs, stamp: askedAt(context.command) }],
    context,
  )
  const mutedUntil = untilMs === PERMANENTLY_MS ? 'PERMANENTLY' : new Date(untilMs).toISOString()
  const told = { message: `Conversation muted until ${mutedUntil}`, muted_until: mutedUntil }
  if (row.muted_until_ms !== untilMs || untilMs <= context.clock.now())
    return { result: { ...told, outcome: 'applied_local_only', reason: 'superseded' } }
  if (untilMs !== PERMANENTLY_MS) await context.submit(endOfMute(row, untilMs, context))
  return { result: { ...told, ...(await mirrorLabel(row, 'muted', true, context)) } }
}

/** Ends a mute; the label comes off. */
export const unmuteConversationOnFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  const { because } = context.command.arguments
  const told = { message: 'Conversation unmuted', muted_until: null }
  const hasEnded = (conversation.muted_until_ms ?? 0) <= context.clock.now()
  // Muted anew since, for longer: that end is another command's.
  if (because === 'mute_ended' && !hasEnded)
    return { result: { ...told, outcome: 'applied_local_only', reason: 'superseded' } }
  // What ended is this mute alone: whatever was asked for since it began wins, also what is served later.
  const stamp = because === 'mute_ended' ? (conversation.muted_stamp ?? 0) + 1 : askedAt(context.command)
  const row = await stepConversation(conversation._id, [{ kind: 'mute', until_ms: null, stamp }], context)
  if (row.muted_until_ms !== null) return { result: { ...told, outcome: 'applied_local_only', reason: 'superseded' } }
  return { result: { ...told, ...(await mirrorLabel(row, 'muted', false, context)) } }
}

/** A mute ends by itself at its time; this takes the label off and tells of it. Derived: asked for twice it is one. */
function endOfMute(row: ConversationRow, untilMs: number, { command, page }: OperationContext): NewCommand {
  return {
    commandId: `mute-end.${hash('sha256', `${row._id}\n${untilMs}`, 'base64url')}`,
    tenantId: page.tenant_id,
    pageId: page.id,
    facebookPageId: page.facebook_page_id,
    conversationKey: row._id,
    type: 'conversation.unmute',
    arguments: { because: 'mute_ended' },
    requestedBy: { kind: 'system', id: command.command_id },
    trigger: 'api',
    notBeforeMs: untilMs,
    expiresMs: untilMs + 7 * DAY_MS,
  }
}
