const HOUR_MS = 3_600_000
/** A page may answer freely for so long after the person's last action. */
export const STANDARD_WINDOW_MS = 24 * HOUR_MS
/** What a person at the page wrote (tag HUMAN_AGENT) may go out for so long. */
export const HUMAN_AGENT_WINDOW_MS = 7 * 24 * HOUR_MS

/** When the page may answer the person no more. */
export function replyWindowEndMs(lastCustomerMs: number, isHumanAgent: boolean): number {
  return lastCustomerMs + (isHumanAgent ? HUMAN_AGENT_WINDOW_MS : STANDARD_WINDOW_MS)
}
