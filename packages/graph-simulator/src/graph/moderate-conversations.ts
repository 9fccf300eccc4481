import type { SimulatedPage } from '../world.ts'
import { requirePageToken, requireScope } from './access.ts'
import { invalidParameter } from './graph-error.ts'
import { asObject, type GraphContext, json } from './graph-request.ts'
import { personOfPsid } from './people.ts'

const ACTIONS = ['BAN_USER', 'BLOCK_USER', 'MOVE_TO_SPAM', 'UNBAN_USER', 'UNBLOCK_USER']

/** `POST /{page-id}/moderate_conversations`: at most 10 people and 2 actions. */
export function moderateConversations(context: GraphContext, page: SimulatedPage) {
  requirePageToken(context, page)
  requireScope(context, 'pages_messaging')
  const users = json(context.request, 'user_ids')
  const actions = json(context.request, 'actions')
  if (!Array.isArray(users) || users.length === 0 || users.length > 10)
    throw invalidParameter('Param user_ids must hold 1 to 10 users')
  if (!Array.isArray(actions) || actions.length === 0 || actions.length > 2)
    throw invalidParameter('Param actions must hold 1 or 2 actions')
  const people = users.map((user) => personOfPsid(page, String(asObject(user)?.id ?? user)))
  if (people.includes(undefined)) throw invalidParameter('Invalid PSID in user_ids')
  for (const given of actions) {
    const action = String(given).toUpperCase()
    if (!ACTIONS.includes(action)) throw invalidParameter(`Param actions must be one of {${ACTIONS.join(', ')}}`)
    for (const person of people as number[]) apply(page, person, action)
  }
  return { success: true }
}

function apply(page: SimulatedPage, person: number, action: string) {
  if (action === 'MOVE_TO_SPAM') {
    for (const { number } of page.store.conversationsOf(person)) page.store.setFolder(number, 'spam')
    return
  }
  const state = page.people.get(person) ?? {}
  page.people.set(person, { ...state, available: action.startsWith('UN') })
}
