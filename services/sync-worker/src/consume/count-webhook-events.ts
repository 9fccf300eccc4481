import type { Counting } from '@pagesync/shared/counting/counting.ts'
import type { PlacedEvent } from '../events/event-effect.ts'

/**
 * Counts each event once, by its place: what is handled again, because something failed after it was counted, or the
 * commit did, lies below what this process has counted of the partition.
 */
export function createCountWebhookEvents(counting: Pick<Counting, 'count'>) {
  const countedUpTo = new Map<number, number>()
  return (placed: readonly PlacedEvent[]): void => {
    const news = placed.filter(({ position }) => position.offset > (countedUpTo.get(position.partition) ?? -1))
    for (const [page, events] of Map.groupBy(news, ({ page }) => page))
      counting.count(page, 'webhook_events', events.length, { total: true })
    for (const { position } of news)
      countedUpTo.set(position.partition, Math.max(position.offset, countedUpTo.get(position.partition) ?? -1))
  }
}
