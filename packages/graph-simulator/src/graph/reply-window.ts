import type { SimulatedPage, World } from '../world.ts'
import { GraphError } from './graph-error.ts'

const DAY_MS = 86_400_000
const HUMAN_AGENT_DAYS = 7

/** 24 hours from the person's last action, 7 days with the tag HUMAN_AGENT; and the thread must not be another app's. */
export function checkWindow(world: World, page: SimulatedPage, person: number, tag: string | undefined) {
  const now = world.clock.now()
  const conversation = page.store.conversationsOf(person)[0]
  const owner = conversation?.owner
  if (owner !== undefined && owner.appId !== world.app.id && owner.expiresAt > now) {
    const words = '(#10) Message failed to send because another app is controlling this thread now.'
    throw new GraphError(10, words, { subcode: 2018300 })
  }
  const open = tag === 'HUMAN_AGENT' ? HUMAN_AGENT_DAYS * DAY_MS : DAY_MS
  if (conversation !== undefined && now - conversation.lastCustomerAt <= open) return
  throw new GraphError(
    10,
    '(#10) This message is sent outside of allowed window. Learn more about the new policy here: https://developers.facebook.com/docs/messenger-platform/policy-overview',
    { subcode: 2018278 },
  )
}
