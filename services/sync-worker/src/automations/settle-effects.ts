import type { DecisionEffect } from '@pagesync/shared/automations/decision.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { entityChange } from '@pagesync/shared/model/entity-change.ts'
import { mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import type { ContactRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { AutomationDeps } from './automation-deps.ts'
import type { MessageCandidate } from './message-candidates.ts'

interface Effect {
  readonly candidate: MessageCandidate
  readonly effect: DecisionEffect
}

type Fill = Extract<DecisionEffect, { kind: 'fill_contact' }>

/** What follows from messages beside replies. Repeatable. */
export async function settleEffects(effects: readonly Effect[], deps: AutomationDeps): Promise<void> {
  if (effects.length === 0) return
  await fillContacts(effects, deps)
  for (const { candidate, effect } of effects) if (effect.kind === 'faq_feedback') await rate(candidate, effect, deps)
}

/** What a person told of themselves; what is there already, whoever put it there, stays. */
async function fillContacts(effects: readonly Effect[], deps: AutomationDeps): Promise<void> {
  const incoming = new Map<string, { fill: Fill; candidate: MessageCandidate }[]>()
  for (const { candidate, effect } of effects) {
    if (effect.kind !== 'fill_contact') continue
    const key = candidate.conversation._id
    incoming.set(key, [...(incoming.get(key) ?? []), { fill: effect, candidate }])
  }
  if (incoming.size === 0) return
  const merged = await mergeRows<ContactRow, { fill: Fill; candidate: MessageCandidate }>({
    collection: deps.synced.contacts,
    incoming,
    expect: 'existing',
    fold: (row, told) => {
      if (row === null) return null
      const email = row.email ?? told.find(({ fill }) => fill.email !== undefined)?.fill.email ?? null
      const phone = row.phone ?? told.find(({ fill }) => fill.phone !== undefined)?.fill.phone ?? null
      return email === row.email && phone === row.phone ? row : { ...row, email, phone }
    },
  })
  const changes = [...merged].flatMap(([key, { after }]) => {
    const told = incoming.get(key)?.at(-1)
    return told ? [contactChange(after, told.candidate, deps.clock.now())] : []
  })
  await deps.announce(changes)
}

/** From the row as it stands and the event that told: told again by a batch that comes again, under the same id. */
function contactChange(row: ContactRow, { page, eventId }: MessageCandidate, nowMs: number): Change {
  const fields = { email: row.email, phone: row.phone }
  const cause = { event_id: eventId }
  return entityChange(row, page, { type: 'contact.updated', cause, fields, distinction: eventId, atMs: nowMs })
}

const SEARCHED = 100

/** The newest answer of that FAQ in the conversation is what the button was below. */
async function rate(
  { conversation }: MessageCandidate,
  { faq_id, feedback }: Extract<DecisionEffect, { kind: 'faq_feedback' }>,
  { replies, ruleCounts, clock }: AutomationDeps,
): Promise<void> {
  const newest = await replies.ofConversation(conversation._id, SEARCHED)
  const rated = newest.find(({ part, part_id }) => part === 'faq' && part_id === faq_id)
  if (rated) await ruleCounts.recountFaq(await replies.rate(rated, feedback, clock.now()))
}
