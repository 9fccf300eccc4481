import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Standalone } from './start-standalone.ts'

const TEXTS = [
  'Hi! Are you open today?',
  'How much is delivery to the riverside?',
  'Do you have oat milk? 🥛',
  'តើថ្ងៃនេះបើកដល់ម៉ោងប៉ុន្មាន?',
  'Can I book a table for six at 7 pm?',
  'My order arrived cold, what can you do?',
  'ขอเมนูหน่อยค่ะ',
  'Thank you, see you tomorrow!',
] as const

/** Somebody who starts the demonstration sees the first soon. */
const FIRST_AFTER_SECONDS = 2

/** Lets a customer write now and then, until the signal fires. */
export async function simulateTraffic(
  { simulator, demonstration }: Standalone,
  everySeconds: number,
  signal: AbortSignal,
  logger: Logger,
): Promise<void> {
  for (let i = 0; !signal.aborted; i++) {
    const seconds = i === 0 ? Math.min(FIRST_AFTER_SECONDS, everySeconds) : everySeconds * (0.5 + Math.random())
    await delay(seconds * 1000, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    try {
      await simulator.control('POST', 'messages', {
        facebook_page_id: demonstration.facebook_page_id,
        text: TEXTS[i % TEXTS.length],
      })
    } catch (err) {
      logger.warn({ err }, 'the simulated customer could not write')
    }
  }
}
