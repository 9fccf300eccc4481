const HOUR_MS = 3_600_000
/** A page may answer freely for so long after the person's last action. */
export const STANDARD_WINDOW_MS = 24 * HOUR_MS
/** What a person at the page wrote (tag HUMAN_AGENT) may go out for so long. */
export const HUMAN_AGENT_WINDOW_MS = 7 * 24 * HOUR_MS

/** A message waits so long at most. */
const SEND_EXPIRES_MS = 24 * HOUR_MS

/**
 * When a message expires that names no time itself: what could not be sent while its window was open is not sent later.
 * Null for `lastCustomerMs`: we know no word of the person.
 */
export function sendExpiresMs(lastCustomerMs: number | null, isHumanAgent: boolean, nowMs: number): number {
  const latestMs = nowMs + SEND_EXPIRES_MS
  return lastCustomerMs === null ? latestMs : Math.min(latestMs, replyWindowEndMs(lastCustomerMs, isHumanAgent))
}

/** When the page may answer the person no more. */
export function replyWindowEndMs(lastCustomerMs: number, isHumanAgent: boolean): number {
  return lastCustomerMs + (isHumanAgent ? HUMAN_AGENT_WINDOW_MS : STANDARD_WINDOW_MS)
}
