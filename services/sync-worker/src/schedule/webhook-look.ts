export interface WebhookLook {
  readonly runMs: number
  /** The regular check after this look. */
  readonly nextCheckMs: number | null
  readonly lastEventMs: number | null
  /** As last known. */
  readonly subscribed: boolean | null
}

/**
 * A page's webhooks are looked at regularly, and once it has been silent for `silenceMs`: the timer is set to the
 * earlier of both. A look that came for silence finds that events came since, and then asks for nothing.
 */
export function webhookLook(
  { runMs, nextCheckMs, lastEventMs, subscribed }: WebhookLook,
  { everyMs, silenceMs, nowMs }: { readonly everyMs: number; readonly silenceMs: number; readonly nowMs: number },
): { readonly check: boolean; readonly nextMs: number | null } {
  const silentAtMs = lastEventMs === null ? null : lastEventMs + silenceMs
  const isRegular = nextCheckMs === null || (nextCheckMs - runMs) % everyMs === 0
  const check = isRegular || subscribed !== true || silentAtMs === null || silentAtMs <= nowMs
  const looksForSilence =
    silentAtMs !== null && silentAtMs > nowMs && (nextCheckMs === null || silentAtMs < nextCheckMs)
  return { check, nextMs: looksForSilence ? silentAtMs : nextCheckMs }
}
