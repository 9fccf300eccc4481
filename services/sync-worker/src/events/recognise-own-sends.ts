import { commandOfReference } from '@pagesync/shared/model/send-reference.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import { type CommandRow, commandKey } from '@pagesync/shared/store/repositories/rows.ts'
import type { EventEffect } from './event-effect.ts'

/**
 * Finds out which echoes are of sends of ours, and by which command: whether an automation answered or a person. Any
 * app may write any metadata, so only what names a send of this very page is ours. One look-up for a batch.
 */
export async function recogniseOwnSends(
  effects: readonly EventEffect[],
  ledger: Pick<Ledger, 'getByKeys'>,
): Promise<EventEffect[]> {
  const keys = effects.map(keyOfSend)
  const wanted = [...new Set(keys.filter((key) => key !== null))]
  const sends = new Map<string, CommandRow>()
  for (const row of await ledger.getByKeys(wanted)) if (row.lane === 'push') sends.set(row._id, row)
  return effects.map((effect, i) => {
    const send = sends.get(keys[i] ?? '')
    return send?.page_id === effect.page.id ? ofSend(effect, send) : effect
  })
}

function keyOfSend({ event, page }: EventEffect): string | null {
  if (event.type !== 'facebook.message.echo' || event.mid === null) return null
  const { metadata } = event.raw.message
  const commandId = metadata === undefined ? null : commandOfReference(metadata)
  return commandId === null ? null : commandKey(page.tenant_id, commandId)
}

function ofSend(effect: EventEffect, send: CommandRow): EventEffect {
  const automationId = send.arguments.automation_id
  const { message } = effect
  if (typeof automationId !== 'number' || message?.knowledge.kind !== 'detail') return { ...effect, send }
  return { ...effect, send, message: { ...message, knowledge: { ...message.knowledge, automation_id: automationId } } }
}
