import type { Store } from '../collection.ts'
import { mergeRows } from '../merge-rows.ts'
import {
  type AutomaticReplyRow,
  CONVERSATION_REPLIES,
  type ConversationRepliesRow,
  type KnownReply,
} from './automation-rows.ts'

/** The newest automatic replies of each conversation: what cool-downs and the loop breaker rest on. */
export interface ConversationReplies {
  /** At most 5,000 conversations, those without a reply left out. */
  of(conversationKeys: readonly string[]): Promise<ReadonlyMap<string, readonly KnownReply[]>>
  /** Adds replies, each once however often it is told. */
  add(replies: readonly AutomaticReplyRow[]): Promise<void>
  forget(conversationKeys: readonly string[]): Promise<void>
}

/** Beside the last of each automation and part, so many of the newest. */
const NEWEST_KEPT = 20
const KEPT_MAX = 200

export function createConversationReplies(store: Store): ConversationReplies {
  const collection = store.collection(CONVERSATION_REPLIES)
  return {
    async of(conversationKeys) {
      const rows = conversationKeys.length === 0 ? [] : await collection.getMany(conversationKeys)
      return new Map(rows.map((row) => [row._id, row.replies]))
    },
    async add(replies) {
      const incoming = new Map<string, AutomaticReplyRow[]>()
      for (const reply of replies) {
        const key = reply.conversation_key
        if (key === null || reply.automation_id === null) continue
        incoming.set(key, [...(incoming.get(key) ?? []), reply])
      }
      if (incoming.size === 0) return
      await mergeRows<ConversationRepliesRow, AutomaticReplyRow>({
        collection,
        incoming,
        expect: 'existing',
        fold: (row, news, key) => {
          const { tenant_id, page_id } = news[0] as AutomaticReplyRow
          const base = row ?? { _id: key, tenant_id, page_id, replies: [] }
          const next = withReplies(base.replies, news.map(toKnown))
          return next === base.replies && row !== null ? row : { ...base, replies: next }
        },
      })
    },
    async forget(conversationKeys) {
      if (conversationKeys.length > 0) await collection.deleteMany(conversationKeys)
    },
  }
}

function toKnown({ _id, page_id, automation_id, part_id, at_ms }: AutomaticReplyRow): KnownReply {
  return { answered: _id.slice(`${page_id}:`.length), automation_id: automation_id as number, part_id, at_ms }
}

/** With the new ones, oldest first, without those that no decision looks at any more. The same list when there is nothing new. */
export function withReplies(known: readonly KnownReply[], news: readonly KnownReply[]): readonly KnownReply[] {
  const there = new Set(known.map(({ answered }) => answered))
  const missing = news.filter(({ answered }) => !there.has(answered))
  if (missing.length === 0) return known
  const all = [...known, ...missing].toSorted((a, b) => a.at_ms - b.at_ms)
  const lastOf = new Map(all.map((reply) => [`${reply.automation_id}/${reply.part_id}`, reply]))
  const kept = new Set([...lastOf.values(), ...all.slice(-NEWEST_KEPT)])
  return all.filter((reply) => kept.has(reply)).slice(-KEPT_MAX)
}
