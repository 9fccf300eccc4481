import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'

const EVERY_MS = 25
const WITHIN_MS = 20_000

/** Resolves when `/readyz` of each origin answers 200. */
export async function whenReady(origins: readonly string[]): Promise<void> {
  await Promise.all(origins.map(oneReady))
}

async function oneReady(origin: string): Promise<void> {
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const { statusCode, body } = await request(`${origin}/readyz`)
    const text = await body.text()
    if (statusCode === 200) return
    if (performance.now() > deadline) throw new Error(`${origin} did not become ready: ${text}`)
    await delay(EVERY_MS)
  }
}
