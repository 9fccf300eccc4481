import { type GraphMessage, graphTimeMs } from '@pagesync/shared/graph/graph-shapes.ts'

/** Do these messages, newest first, go back to what is known? */
export function reachesKnown(messages: readonly GraphMessage[], knownUpToMs: number | null): boolean {
  if (knownUpToMs === null) return false
  return messages.some(({ created_time }) => (graphTimeMs(created_time) ?? Number.POSITIVE_INFINITY) <= knownUpToMs)
}

export function newestMs(messages: readonly GraphMessage[]): number | null {
  let newest: number | null = null
  for (const { created_time } of messages) {
    const ms = graphTimeMs(created_time)
    if (ms !== null && ms > (newest ?? -1)) newest = ms
  }
  return newest
}
