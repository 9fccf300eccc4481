import { setTimeout as delay } from 'node:timers/promises'

/** Calls `probe` until it stops throwing and answers something other than undefined or false; fails with its last error after `timeoutMs`. */
export async function eventually<T>(
  probe: () => T | Promise<T>,
  timeoutMs = 15_000,
  everyMs = 25,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs
  let lastError: unknown
  for (;;) {
    try {
      const value = await probe()
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>
      lastError = new Error(`still ${String(value)}`)
    } catch (error) {
      lastError = error
    }
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms`, { cause: lastError })
    await delay(everyMs)
  }
}
