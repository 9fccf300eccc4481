import { setLabel } from '../graph/labels.ts'
import type { Notice } from '../webhooks/notice.ts'
import { changesNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage } from '../world.ts'
import { type Maker, placeOf } from './event-maker.ts'

/** Events of the page itself: no sender. */
const ofPage = (page: SimulatedPage, at: number, field: string, content: Record<string, unknown>): Notice => ({
  page,
  entryId: page.id,
  field,
  channel: 'messaging',
  item: { recipient: { id: page.id }, timestamp: at, ...content },
  key: page.id,
})

export const app_roles: Maker<'app_roles'> = (world, page, given, at) =>
  ofPage(page, at, 'messaging_handovers', { app_roles: given.app_roles ?? { [world.app.id]: ['primary_receiver'] } })

export const policy_enforcement: Maker<'policy_enforcement'> = (_world, page, given, at) => {
  const { action = 'block', reason = 'The page does not follow our policies', old_spelling } = given
  const content = action === 'unblock' ? { action } : { action, reason }
  return ofPage(page, at, 'messaging_policy_enforcement', {
    [old_spelling ? 'policy-enforcement' : 'policy_enforcement']: content,
  })
}

export const inbox_labels: Maker<'inbox_labels'> = (_world, page, given) => {
  const { person } = placeOf(page, given.psid)
  const label = page.labels.byName(given.label) ?? page.labels.create(given.label)
  return setLabel(page, label, person, given.action !== 'remove')
}

export const page_field: Maker<'page_field'> = (_world, page, given) => {
  if (given.value !== undefined) page.change({ [given.field]: given.value })
  if (given.changed_fields) return changesNotice(page, given.field, undefined, 'changed_fields')
  return changesNotice(page, given.field, given.without_value ? undefined : given.value)
}

export const permission: Maker<'permission'> = (world, page, given) => {
  const { permission: name, verb = 'granted' } = given
  for (const token of world.tokens.ofPage(page.id)) {
    if (verb === 'revoked') token.scopes.delete(name)
    else token.scopes.add(name)
  }
  const item = { field: name, value: { verb: verb === 'revoked' ? 'revoke' : 'granted', target_ids: [page.id] } }
  return {
    page: undefined,
    entryId: world.user.id,
    object: 'permissions',
    field: name,
    channel: 'changes',
    item,
    key: 'permissions',
  }
}

export const unknown: Maker<'unknown'> = (_world, page, given) => {
  const own = given.entry_id === undefined || given.entry_id === page.id
  return {
    page: own && given.field !== undefined ? page : undefined,
    entryId: given.entry_id ?? page.id,
    ...(given.object === undefined ? {} : { object: given.object }),
    field: given.field ?? 'unknown',
    channel: (given.channel ?? 'messaging') as Notice['channel'],
    item: given.item,
    key: page.id,
  }
}
