import { toAppError } from '../errors/app-error.ts'

export interface GatheringOptions<Item, Result> {
  readonly keyOf: (item: Item) => string
  /** Whether one round may be asked for the same key by several callers. */
  readonly mayRepeat: boolean
  readonly call: (items: readonly Item[]) => Promise<Result>
}

/** Answers what the round answered that the items were part of: more than this caller asked for. */
export type Gather<Item, Result> = (items: readonly Item[]) => Promise<Result>

/** One round goes to the engine in one piece, so one that is refused for what it holds has written nothing. */
const ROUND_ITEMS_MAX = 200
/** The next round begins before the one ahead has ended: the engine has more than one core. */
const ROUNDS_AT_ONCE = 2

interface Round<Item, Result> {
  readonly items: Map<string, Item>
  readonly asked: { readonly items: readonly Item[]; readonly settle: PromiseWithResolvers<Result> }[]
}

/**
 * Group commit: what many callers ask while earlier rounds are under way goes out in one call. Nothing waits for
 * company longer than one turn of the event loop. A round that fails because of what it holds is asked again caller by
 * caller, so that each fails for itself alone.
 */
export function createGathering<Item, Result>({
  keyOf,
  mayRepeat,
  call,
}: GatheringOptions<Item, Result>): Gather<Item, Result> {
  const rounds: Round<Item, Result>[] = []
  let running = 0

  const roundFor = (items: readonly Item[]): Round<Item, Result> => {
    const last = rounds.at(-1)
    const fits = last && last.items.size + items.length <= ROUND_ITEMS_MAX
    if (fits && (mayRepeat || !items.some((item) => last.items.has(keyOf(item))))) return last
    const round = { items: new Map<string, Item>(), asked: [] }
    rounds.push(round)
    return round
  }

  const runRounds = async (): Promise<void> => {
    running++
    await new Promise((resolve) => setImmediate(resolve))
    for (let round = rounds.shift(); round; round = rounds.shift()) await run(round)
    running--
  }

  const run = async ({ items, asked }: Round<Item, Result>): Promise<void> => {
    try {
      const result = await call([...items.values()])
      for (const { settle } of asked) settle.resolve(result)
    } catch (error) {
      const isAlone = asked.length === 1
      const isDown = toAppError(error).kind === 'transient'
      for (const one of asked)
        if (isAlone || isDown) one.settle.reject(error)
        else call(one.items).then(one.settle.resolve, one.settle.reject)
    }
  }

  return (items) => {
    const round = roundFor(items)
    for (const item of items) round.items.set(keyOf(item), item)
    const settle = Promise.withResolvers<Result>()
    round.asked.push({ items, settle })
    if (running < ROUNDS_AT_ONCE) void runRounds()
    return settle.promise
  }
}
