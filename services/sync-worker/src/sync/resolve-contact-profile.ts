import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { entityChange } from '@pagesync/shared/model/entity-change.ts'
import { pullStamp } from '@pagesync/shared/model/stamp.ts'
import { type MergedRow, mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import type { ContactRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { writePulled } from './write-pulled.ts'

/** Whom Facebook does not want to tell us about is not asked about again before this. */
const COOL_DOWN_MS = 7 * 24 * 3_600_000

export interface LearnedProfile {
  readonly name: string | null
  readonly picture: string | null
  readonly requestedAtMs: number
}

/**
 * Who a person is: the profile where Facebook allows it, else the name that the conversation's participants show,
 * which also tells the thread's id. A refusal is no failure: it is remembered and asked about again after a week.
 */
export const resolveContactProfile: Operation = async (context) => {
  const contact = await commandsContact(context)
  const profile = await readProfile(contact.psid, context)
  if (profile.name !== null) {
    const row = await saveProfile(contact, profile, context)
    return { result: { contact_id: contact.id, name: row.name, source: 'profile' } }
  }
  const name = await nameFromConversation(contact, context)
  await coolDown(contact, name, context)
  return { result: { contact_id: contact.id, name, source: name === null ? null : 'participants' } }
}

async function commandsContact({ synced, command }: OperationContext): Promise<ContactRow> {
  const id = command.arguments.contact_id
  const [contact] =
    typeof id === 'number' ? await synced.contacts.find({ index: 'byId', equals: { id }, limit: 1 }) : []
  if (contact?.page_id !== command.page_id) throw new AppError('CONTACT_NOT_FOUND', 'The page has no such contact')
  return contact
}

/** Facebook answers an empty object, or one of several errors, where it does not allow it. */
async function readProfile(psid: string, { graph, clock }: OperationContext): Promise<LearnedProfile> {
  try {
    return await graph.profile(psid)
  } catch (error) {
    const refused = error instanceof AppError && REFUSALS.has(error.code)
    if (!refused) throw error
    return { name: null, picture: null, requestedAtMs: clock.now() }
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  'RECIPIENT_UNAVAILABLE',
  'PERMISSION_MISSING',
  'FACEBOOK_OBJECT_GONE',
  'FACEBOOK_REJECTED',
])

/** A name that a person set stays. */
export async function saveProfile(
  contact: ContactRow,
  profile: LearnedProfile,
  context: OperationContext,
): Promise<ContactRow> {
  const stamp = pullStamp(profile.requestedAtMs)
  const merged = await writeContact(contact, context, (row) => {
    const named =
      !row.set_by_person.includes('name') && stamp > row.name_stamp ? { name: profile.name, name_stamp: stamp } : {}
    return {
      ...row,
      ...named,
      ...(profile.picture === null ? {} : { profile_pic: profile.picture }),
      profile_due_ms: null,
      last_synced_ms: profile.requestedAtMs,
    }
  })
  const { before, after } = merged
  if (before?.name !== after.name) await announceName(after, context)
  return after
}

async function nameFromConversation(contact: ContactRow, context: OperationContext): Promise<string | null> {
  const { items, requestedAtMs, droppedFields } = await context.graph.conversations({
    userId: contact.psid,
    limit: 10,
    messagesLimit: 0,
  })
  const pulled = items.map((thread) => ({
    thread,
    folder: undefined,
    messages: [],
    messagesEnd: 'not-asked' as const,
    requestedAtMs,
    droppedFields,
  }))
  const rows = await writePulled(pulled, context)
  return rows.contacts.get(contact._id)?.after.name ?? null
}

async function coolDown(contact: ContactRow, name: string | null, context: OperationContext): Promise<void> {
  await writeContact(contact, context, (row) => ({
    ...row,
    profile_due_ms: name === null ? context.clock.now() + COOL_DOWN_MS : null,
  }))
}

async function writeContact(
  contact: ContactRow,
  { synced, signal }: OperationContext,
  change: (row: ContactRow) => ContactRow,
): Promise<MergedRow<ContactRow>> {
  const merged = await mergeRows<ContactRow, null>({
    collection: synced.contacts,
    incoming: new Map([[contact._id, [null]]]),
    expect: 'existing',
    signal,
    fold: (row) => row && change(row as ContactRow),
  })
  return merged.get(contact._id) ?? { before: contact, after: contact }
}

function announceName(row: ContactRow, { announce, page, command, clock }: OperationContext): Promise<void> {
  const cause = { command_id: command.command_id }
  const fields = { name: row.name }
  return announce([entityChange(row, page, { type: 'contact.updated', cause, fields, atMs: clock.now() })])
}
