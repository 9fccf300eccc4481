import type { ConversationState } from './conversation-state.ts'
import type { GeneratedConversations } from './generated-conversation.ts'
import { generateMessage } from './generated-message.ts'
import type { SimulatedMessage } from './message.ts'
import type { PagePlan } from './page-plan.ts'

export interface ReadMessages {
  /** Go on behind (older than) this message; from the newest when undefined. */
  readonly after?: number
  readonly limit: number
  readonly hideDeleted: boolean
}

/**
 * The messages of a page's conversations: generated ones by their serial, added ones behind them. Only where an added
 * one is older than a generated one an order of its own is kept.
 */
export function createMessageReader(
  plan: PagePlan,
  generated: GeneratedConversations,
  stateOf: (conversation: number) => ConversationState | undefined,
) {
  const generatedCount = (conversation: number) =>
    conversation < generated.count ? generated.messageCount(conversation) : 0
  const total = (conversation: number) => generatedCount(conversation) + (stateOf(conversation)?.added.length ?? 0)

  const message = (conversation: number, serial: number): SimulatedMessage | undefined => {
    const state = stateOf(conversation)
    const count = generatedCount(conversation)
    if (serial >= count) {
      const near = state?.added[serial - count]
      return near?.serial === serial ? near : state?.added.find((one) => one.serial === serial)
    }
    return state?.patches.get(serial) ?? generateMessage(plan, generated, conversation, serial)
  }

  const serialAt = (conversation: number, position: number): number => {
    const state = stateOf(conversation)
    if (state?.order !== undefined) return state.order[position]!
    const count = generatedCount(conversation)
    return position < count ? position : state!.added[position - count]!.serial
  }

  const positionOf = (conversation: number, serial: number): number => {
    const state = stateOf(conversation)
    if (state?.order !== undefined) return state.order.indexOf(serial)
    const count = generatedCount(conversation)
    if (serial < count) return serial
    const near = state?.added[serial - count]
    if (near?.serial === serial) return serial
    const found = state?.added.findIndex((one) => one.serial === serial) ?? -1
    return found < 0 ? -1 : count + found
  }

  const insertByTime = (state: ConversationState, added: SimulatedMessage) => {
    let place = state.added.length
    while (place > 0 && state.added[place - 1]!.createdAt > added.createdAt) place--
    state.added.splice(place, 0, added)
    const count = generatedCount(state.number)
    const newestGenerated = count === 0 ? 0 : generated.messageTime(state.number, count - 1)
    if (state.order === undefined && added.createdAt >= newestGenerated) return
    const timed = Array.from({ length: count }, (_, serial) => ({
      serial,
      at: generated.messageTime(state.number, serial),
    }))
    for (const one of state.added) timed.push({ serial: one.serial, at: one.createdAt })
    state.order = timed.sort((a, b) => a.at - b.at || a.serial - b.serial).map((one) => one.serial)
  }

  return {
    total,
    message,
    insertByTime,

    /** Messages from the newest (or from behind `after`) to older ones; undefined when `after` is not there any more. */
    read(conversation: number, { after, limit, hideDeleted }: ReadMessages): SimulatedMessage[] | undefined {
      let position = total(conversation) - 1
      if (after !== undefined) {
        const found = positionOf(conversation, after)
        if (found < 0 || message(conversation, after)?.deleted) return undefined
        position = found - 1
      }
      const messages: SimulatedMessage[] = []
      for (; position >= 0 && messages.length < limit; position--) {
        const one = message(conversation, serialAt(conversation, position))!
        if (!(hideDeleted && one.deleted)) messages.push(one)
      }
      return messages
    },
  }
}
