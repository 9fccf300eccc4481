import { hash } from '../data/hash.ts'
import { textOf } from '../data/texts.ts'
import type { World } from '../world.ts'
import { customerWrites } from './customer-writes.ts'

const HALF_HOUR_MS = 30 * 60_000
const HOUR_MS = 60 * 60_000

/**
 * A demonstration started again a day later has an old history: the page's recent customers write once more within the
 * last half hour, so that somebody can be answered. No webhook tells of it; a sync finds it, as after any outage.
 */
export function freshenCustomers(world: World) {
  const now = world.clock.now()
  for (const page of world.pages.values()) {
    const { seed, shape } = page.store.plan
    for (let person = shape.recentCustomers - 1; person >= 0; person--) {
      const lastWrote = page.store.conversationsOf(person)[0]?.lastCustomerAt ?? 0
      if (now - lastWrote < HOUR_MS) continue
      const createdAt = now - Math.floor(((person + 1) * HALF_HOUR_MS) / (shape.recentCustomers + 1))
      const text = textOf(
        seed,
        person,
        hash(seed, person, Math.floor(now / 1000)),
        page.store.person(person).language,
        true,
      )
      customerWrites(world, page, person, { text, createdAt })
    }
  }
}
