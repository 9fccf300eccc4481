/**
 * When a value was known to be true at its source, and by whom: the order in which knowledge wins. One number, so that
 * it can be stored beside the value and compared: `milliseconds * 2`, plus 1 for a webhook, which wins a tie.
 */
export type Stamp = number

/** The event's own time (`timestamp`, else `entry.time`), milliseconds since 1970. */
export function webhookStamp(timeMs: number): Stamp {
  return timeMs * 2 + 1
}

/** The time at which our request began, milliseconds since 1970. */
export function pullStamp(requestedAtMs: number): Stamp {
  return requestedAtMs * 2
}

export function stampTimeMs(stamp: Stamp): number {
  return Math.floor(stamp / 2)
}
