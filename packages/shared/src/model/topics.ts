import type { TopicDefinition } from '../event-log/event-log.ts'

const DAY_MS = 24 * 60 * 60 * 1000

/** The public topics. Names, keys and schemas are a contract: internal services write commands and read changes here. */
export const TOPICS = {
  /** What Facebook told us. Key: `pageEventKey`. */
  pageEvents: 'facebook.page-events.v1',
  /** What we were asked to do. Key: Facebook's page id. */
  commands: 'facebook.commands.v1',
  /** What became different here. Key: Facebook's page id. */
  changes: 'facebook.changes.v1',
  /** What was given up on: references, the payload is in the store. Key: that of the origin. */
  deadLetters: 'facebook.dead-letters.v1',
} as const

const RETENTION_MS: Record<keyof typeof TOPICS, number> = {
  pageEvents: 7 * DAY_MS,
  commands: 7 * DAY_MS,
  changes: 7 * DAY_MS,
  deadLetters: 30 * DAY_MS,
}

/** Whatever was published before is forgotten by all topics after this. */
export const TOPICS_KEEP_MS = Math.max(...Object.values(RETENTION_MS))

/** The topics as the services make them at start, each with `partitions` partitions. */
export function topicDefinitions(partitions: number): TopicDefinition[] {
  return Object.entries(TOPICS).map(([key, name]) => ({
    name,
    partitions,
    retentionMs: RETENTION_MS[key as keyof typeof TOPICS],
  }))
}

/** One person's events on one page stay in order; what names no person goes by the page alone. Both are Facebook's ids. */
export function pageEventKey(facebookPageId: string, psid: string | null): string {
  return psid === null ? facebookPageId : `${facebookPageId}:${psid}`
}
