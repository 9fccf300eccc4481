/**
 * The unique key of a message. Webhook `mid`, the Send API's `message_id` and the Graph `id` name the same message,
 * but historically the webhook left out the `m_` that Graph puts in front: strip one leading `m_` and keep the
 * original beside it.
 */
export function canonicalMid(mid: string): string {
  return mid.startsWith('m_') ? mid.slice(2) : mid
}
