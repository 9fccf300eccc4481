import { hash } from 'node:crypto'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { newTraceparent, toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import type { Command } from '@pagesync/shared/model/command.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { Collection } from '@pagesync/shared/store/collection.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { ContactRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { SOURCE } from '../source.ts'

export interface RequestProfilesDeps {
  readonly contacts: Collection<ContactRow>
  readonly pages: Pages
  readonly eventLog: EventLog
}

/** So many in one turn: a crowd of new people must not fill the ledger before anything else. */
const CONTACTS_MAX = 50
/** Should the command be lost, it is asked for again after this. */
export const AGAIN_AFTER_MS = 3_600_000

/**
 * Webhooks name nobody: for people without a name a command asks Facebook who they are. Its id comes from the person
 * and the due time, so several workers that find the same person make one command.
 */
export async function requestProfiles(
  { contacts, pages, eventLog }: RequestProfilesDeps,
  nowMs: number,
): Promise<number> {
  const due = await contacts.find({ index: 'byProfileDue', range: { lte: nowMs }, limit: CONTACTS_MAX })
  if (due.length === 0) return 0
  const pageOf = await pagesOf(due, pages)
  const records = due.flatMap((contact) => {
    const page = pageOf.get(contact.page_id)
    if (page?.status !== 'active') return []
    const command = toCommand(contact, nowMs)
    const key = page.facebook_page_id
    const envelope = {
      id: command.id,
      type: command.type,
      source: SOURCE,
      timeMs: nowMs,
      subject: key,
      key,
      traceparent: newTraceparent(),
    }
    return [toLogRecord({ ...envelope, value: JSON.stringify(command) })]
  })
  if (records.length > 0) await eventLog.publish(TOPICS.commands, records)
  // A lost race is another worker that asked, or a name that came.
  await contacts.replaceMany(due.map((contact) => ({ ...contact, profile_due_ms: nowMs + AGAIN_AFTER_MS })))
  return records.length
}

async function pagesOf(contacts: readonly ContactRow[], pages: Pages): Promise<ReadonlyMap<number, PageRow>> {
  const found = new Map<number, PageRow>()
  for (const { page_id, tenant_id } of contacts) {
    if (found.has(page_id)) continue
    const page = await pages.get(tenant_id, page_id)
    if (page) found.set(page_id, page)
  }
  return found
}

function toCommand(contact: ContactRow, nowMs: number): Command {
  return {
    id: `cmd_profile_${hash('sha256', `${contact._id}\n${contact.profile_due_ms}`, 'hex').slice(0, 40)}`,
    type: 'contact.resolve_profile',
    tenant_id: contact.tenant_id,
    page_id: contact.page_id,
    arguments: { contact_id: contact.id },
    requested_by: { kind: 'system', id: 'profiles' },
    requested_at: new Date(nowMs).toISOString(),
  }
}
