import { describe, expect, it } from 'vitest'
import { AppError } from '../errors/app-error.ts'
import { createGathering } from './gathering.ts'

/** Calls that end when they are told to; what each was asked for is kept. */
function calls(mayRepeat = false) {
  const asked: string[][] = []
  const ends: PromiseWithResolvers<string[]>[] = []
  const gather = createGathering<string, string[]>({
    keyOf: (item) => item,
    mayRepeat,
    call: (items) => {
      asked.push([...items])
      const end = Promise.withResolvers<string[]>()
      ends.push(end)
      return end.promise
    },
  })
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
  return { asked, ends, gather, turn }
}

describe('gathering', () => {
  it('asks at once when nothing is under way, and gathers what comes while two rounds are', async () => {
    const { asked, ends, gather, turn } = calls()
    void gather(['a'])
    await turn()
    void gather(['b'])
    await turn()
    const later = [gather(['c']), gather(['d', 'e'])]
    await turn()
    expect(asked).toEqual([['a'], ['b']])
    ends[0]?.resolve(['first'])
    await turn()
    expect(asked).toEqual([['a'], ['b'], ['c', 'd', 'e']])
    ends[2]?.resolve(['both'])
    expect(await Promise.all(later)).toEqual([['both'], ['both']])
  })

  it('never has one key twice in a round of writes, and only once in a round of reads', async () => {
    const writes = calls()
    void writes.gather(['a'])
    void writes.gather(['a'])
    await writes.turn()
    expect(writes.asked).toEqual([['a'], ['a']])
    const reads = calls(true)
    void reads.gather(['a', 'b'])
    void reads.gather(['b'])
    await reads.turn()
    expect(reads.asked).toEqual([['a', 'b']])
  })

  it('lets each caller fail for itself where the round was refused for what it holds', async () => {
    const { asked, ends, gather, turn } = calls()
    const settled = Promise.allSettled([gather(['good']), gather(['bad'])])
    await turn()
    ends[0]?.reject(new AppError('PAYLOAD_TOO_LARGE', 'too large'))
    await turn()
    expect(asked.slice(1)).toEqual([['good'], ['bad']])
    ends[1]?.resolve(['good'])
    ends[2]?.reject(new AppError('PAYLOAD_TOO_LARGE', 'too large'))
    expect(await settled).toMatchObject([{ value: ['good'] }, { reason: { code: 'PAYLOAD_TOO_LARGE' } }])
  })

  it('fails all callers of a round while the engine is down, and asks for the next', async () => {
    const { ends, gather, turn } = calls()
    const settled = Promise.allSettled([gather(['a']), gather(['b'])])
    await turn()
    ends[0]?.reject(new AppError('STORE_UNAVAILABLE', 'down'))
    expect(await settled).toMatchObject([
      { reason: { code: 'STORE_UNAVAILABLE' } },
      { reason: { code: 'STORE_UNAVAILABLE' } },
    ])
    const next = gather(['c'])
    await turn()
    ends[1]?.resolve(['c'])
    expect(await next).toEqual(['c'])
  })
})
