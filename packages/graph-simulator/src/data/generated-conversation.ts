import { between, hash, share } from './hash.ts'
import type { PagePlan } from './page-plan.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const FOLDERS = ['inbox', 'page_done', 'other', 'spam', 'pending'] as const
export type Folder = (typeof FOLDERS)[number]

/** Only the newest generated conversations can be unread, so that the page's total is cheap to know. */
const UNREAD_AMONG = 200

/**
 * The conversations that a page has before anything happens. Number 0 has the newest `updated_time`, and the times
 * fall strictly with the number: listing needs no sorting and any place is found by bisection.
 */
export function createGeneratedConversations(plan: PagePlan) {
  const { seed, epoch, shape } = plan
  const older = Math.max(shape.count - shape.recentCustomers, 1)
  const stepMs = Math.max(Math.floor((shape.historyDays * DAY_MS - HOUR_MS) / older), 1_000)

  const updatedAt = (conversation: number): number => {
    if (conversation < shape.recentCustomers) {
      return epoch - Math.floor(((conversation + 1) * HOUR_MS) / (shape.recentCustomers + 2))
    }
    const place = conversation - shape.recentCustomers
    return epoch - HOUR_MS - place * stepMs - (hash(seed, conversation, 1) % Math.floor(stepMs * 0.9))
  }

  // An exact quota instead of a random share: benchmarks count calls, which depend on how many are long.
  const isLong = (conversation: number) =>
    Math.floor((conversation + 1) * shape.longShare) > Math.floor(conversation * shape.longShare)

  const messageCount = (conversation: number): number =>
    isLong(conversation) ? shape.longMessages : between(shape.shortMin, shape.shortMax, hash(seed, conversation, 2))

  const folder = (conversation: number): Folder => {
    if (conversation < shape.recentCustomers) return 'inbox'
    const roll = share(seed, conversation, 3)
    if (roll < shape.doneShare) return 'page_done'
    if (roll < shape.doneShare + shape.otherShare) return 'other'
    return roll < shape.doneShare + shape.otherShare + shape.spamShare ? 'spam' : 'inbox'
  }

  /** Pauses are one length in a conversation, so that the time of any message is known without the others. */
  const pauseMs = (conversation: number) => between(40_000, 600_000, hash(seed, conversation, 4))

  const messageTime = (conversation: number, serial: number): number => {
    const behind = messageCount(conversation) - 1 - serial
    const pause = pauseMs(conversation)
    const jitter = behind === 0 ? 0 : hash(seed, conversation, serial, 5) % Math.floor(pause * 0.8)
    return updatedAt(conversation) - behind * pause + jitter - (behind === 0 ? 0 : Math.floor(pause * 0.1))
  }

  const isFromCustomer = (conversation: number, serial: number): boolean => {
    if (serial === 0) return true
    if (serial === messageCount(conversation) - 1 && conversation < shape.recentCustomers) return true
    const turned = hash(seed, conversation, serial, 6) % 100 < 12
    return (serial % 2 === 0) !== turned
  }

  const unreadCount = (conversation: number): number => {
    if (conversation >= UNREAD_AMONG || folder(conversation) !== 'inbox') return 0
    if (conversation >= shape.recentCustomers && share(seed, conversation, 7) > 0.5) return 0
    let unread = 0
    for (let serial = messageCount(conversation) - 1; serial >= 0 && isFromCustomer(conversation, serial); serial--)
      unread++
    return unread
  }

  const lastCustomerTime = (conversation: number): number => {
    let serial = messageCount(conversation) - 1
    while (serial > 0 && !isFromCustomer(conversation, serial)) serial--
    return messageTime(conversation, serial)
  }

  /** The first conversation whose `updated_time` is not above `time`. */
  const firstNotAfter = (time: number): number => {
    let low = 0
    let high = shape.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (updatedAt(middle) > time) low = middle + 1
      else high = middle
    }
    return low
  }

  const holdsFolder = (wanted: Folder): boolean =>
    wanted === 'inbox' ||
    (wanted === 'page_done' && shape.doneShare > 0) ||
    (wanted === 'other' && shape.otherShare > 0) ||
    (wanted === 'spam' && shape.spamShare > 0)

  let unreadTotal: number | undefined
  const totalUnread = (): number => {
    if (unreadTotal === undefined) {
      unreadTotal = 0
      for (let i = 0; i < Math.min(shape.count, UNREAD_AMONG); i++) unreadTotal += unreadCount(i)
    }
    return unreadTotal
  }

  return {
    count: shape.count,
    updatedAt,
    messageCount,
    messageTime,
    isFromCustomer,
    folder,
    unreadCount,
    lastCustomerTime,
    firstNotAfter,
    holdsFolder,
    totalUnread,
  }
}

export type GeneratedConversations = ReturnType<typeof createGeneratedConversations>
