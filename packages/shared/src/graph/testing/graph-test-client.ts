import { createGraphClient, type GraphClient, type GraphClientOptions } from '../graph-client.ts'

export const TOKEN = 'EAAsecretPageTokenThatMustNeverBeSeen0123456789'
const APP_SECRET = 'sesame'

/** A client whose retries do not wait. */
export function createTestClient(url: string, options: Partial<GraphClientOptions> = {}): GraphClient {
  const clock = { now: () => Date.now(), sleep: async (_ms: number, signal?: AbortSignal) => signal?.throwIfAborted() }
  return createGraphClient({ url, version: 'v26.0', appSecret: APP_SECRET, clock, ...options })
}
