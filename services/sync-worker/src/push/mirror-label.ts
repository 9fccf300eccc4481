import { AppError, type FacebookRefusal } from '@pagesync/shared/errors/app-error.ts'
import { pullStamp } from '@pagesync/shared/model/stamp.ts'
import { type ConversationRow, pageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'
import { stepConversation } from './conversation-state.ts'

/** How far a state that Facebook does not know came: shown there as a label, or kept here alone, and why. */
export interface Mirrored {
  readonly outcome: 'applied_as_label' | 'applied_local_only'
  readonly reason?: string
  readonly facebook?: FacebookRefusal
}

const local = (reason: string, facebook?: FacebookRefusal): Mirrored => ({
  outcome: 'applied_local_only',
  reason,
  ...(facebook ? { facebook } : {}),
})

/**
 * Shows a state of a conversation at Facebook as a custom label on the person, or takes the label off: Facebook has no
 * call that archives or mutes. Only where the page's setting says so. Facebook's refusal is an outcome and no failure;
 * what a pause may mend is thrown.
 */
export async function mirrorLabel(
  row: ConversationRow,
  state: 'archived' | 'muted',
  on: boolean,
  context: OperationContext,
): Promise<Mirrored> {
  const settings = pageSettings(context.page)
  if (!settings.mirror_labels) return local('label_mirroring_off')
  if (row.psid === null) return local('no_single_person')
  const name = state === 'archived' ? settings.archived_label : settings.muted_label
  // Noted before the call: the webhook that tells of our own label may come before the answer, and is no news then.
  const note = (isOn: boolean, isUnderWay: boolean) => {
    const stamp = pullStamp(context.clock.now())
    const label = { kind: 'label', name, on: isOn, stamp, means: null } as const
    return stepConversation(row._id, [label, { kind: 'label-call', name, isUnderWay, stamp }], context)
  }
  await note(on, true)
  try {
    if (on) await putLabel(name, row.psid, context)
    else await takeLabelOff(name, row.psid, context)
    await note(on, false)
    return { outcome: 'applied_as_label' }
  } catch (error) {
    if (!isRefusal(error)) throw error
    await note(!on, false)
    return local(error.code === 'PERMISSION_MISSING' ? 'label_not_allowed' : 'label_refused', error.facebook)
  }
}

/** Facebook said no, for good; a dead token is another matter. */
export function isRefusal(error: unknown): error is AppError {
  return error instanceof AppError && error.kind === 'permanent' && error.code !== 'FACEBOOK_TOKEN_INVALID'
}

async function putLabel(name: string, psid: string, context: OperationContext): Promise<void> {
  await withLabel(name, context, async (id) => {
    await context.writes.putLabel(id ?? (await createLabel(name, context)), psid)
  })
}

async function takeLabelOff(name: string, psid: string, context: OperationContext): Promise<void> {
  await withLabel(name, context, async (id) => {
    if (id !== null) await context.writes.takeLabelOff(id, psid)
  })
}

/** With the label's id as last found; where Facebook knows it no more, once again with the id as it is now. */
async function withLabel(
  name: string,
  context: OperationContext,
  use: (id: string | null) => Promise<void>,
): Promise<void> {
  const known = context.page.label_ids?.[name]
  if (known !== undefined) {
    try {
      return await use(known)
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'FACEBOOK_OBJECT_GONE')) throw error
    }
  }
  const id = await context.writes.findLabel(name)
  if (id !== null) await rememberLabel(name, id, context)
  await use(id)
}

async function createLabel(name: string, context: OperationContext): Promise<string> {
  const id = await create(name, context)
  await rememberLabel(name, id, context)
  return id
}

/** Made by somebody else at this moment: then theirs is taken. */
async function create(name: string, { writes }: OperationContext): Promise<string> {
  try {
    return await writes.createLabel(name)
  } catch (error) {
    const found = error instanceof AppError && error.code === 'FACEBOOK_REJECTED' ? await writes.findLabel(name) : null
    if (found === null) throw error
    return found
  }
}

async function rememberLabel(name: string, id: string, { pages, page }: OperationContext): Promise<void> {
  await pages.update(page.tenant_id, page.id, (row) =>
    row.label_ids?.[name] === id ? null : { ...row, label_ids: { ...row.label_ids, [name]: id } },
  )
}
