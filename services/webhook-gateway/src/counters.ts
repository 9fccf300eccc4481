/** What happened since the process started; shown in `/readyz` under `webhooks`. */
export interface GatewayCounters {
  /** Correctly signed and answered with 200. */
  accepted: number
  /** Page events that the log has. */
  events_published: number
  /** Of these, the ones of no type that we know. */
  events_unknown: number
  /** Wrong, missing or malformed signature. */
  signature_refused: number
  /** Correctly signed, but not JSON or not what Facebook sends: kept as dead letters. */
  malformed: number
  /** Events too large for the log: kept, cut, as dead letters. */
  oversize: number
  /** About something else than pages: answered and forgotten. */
  other_objects: number
  /** Answered with 503, so that Facebook sends them again. */
  unavailable: number
  /** Milliseconds since 1970. */
  last_accepted_ms: number | null
}

export function createCounters(): GatewayCounters {
  return {
    accepted: 0,
    events_published: 0,
    events_unknown: 0,
    signature_refused: 0,
    malformed: 0,
    oversize: 0,
    other_objects: 0,
    unavailable: 0,
    last_accepted_ms: null,
  }
}
