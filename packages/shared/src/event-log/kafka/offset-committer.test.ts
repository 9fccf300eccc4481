import { describe, expect, it } from 'vitest'
import { silentLogger } from '../engine-logger.ts'
import { createOffsetCommitter } from './offset-committer.ts'

/** A committer whose requests end when the test says so. */
function heldCommitter() {
  const requests: { offsets: Record<string, number>; resolve: () => void; reject: (error: Error) => void }[] = []
  const committed: [number, number][] = []
  const committer = createOffsetCommitter({
    commit(offsets) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      requests.push({ offsets: Object.fromEntries(offsets), resolve, reject })
      return promise
    },
    onCommitted: (partition, offset) => committed.push([partition, offset]),
    logger: silentLogger,
  })
  return { committer, requests, committed }
}

const aTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('createOffsetCommitter', () => {
  it('commits at once, and together what comes during a request', async () => {
    const { committer, requests, committed } = heldCommitter()
    committer.add(0, 5)
    committer.add(0, 7)
    committer.add(1, 3)
    expect(requests.map(({ offsets }) => offsets)).toEqual([{ 0: 5 }])
    requests[0]!.resolve()
    await aTurn()
    expect(requests[1]!.offsets).toEqual({ 0: 7, 1: 3 })
    requests[1]!.resolve()
    await committer.settled()
    expect(committed).toEqual([
      [0, 5],
      [0, 7],
      [1, 3],
    ])
  })

  it('repeats a failed commit, with the higher offset that came meanwhile', async () => {
    const { committer, requests, committed } = heldCommitter()
    committer.add(0, 5)
    committer.add(1, 2)
    requests[0]!.reject(new Error('no'))
    committer.add(0, 9)
    while (requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(requests[1]!.offsets).toEqual({ 0: 9, 1: 2 })
    requests[1]!.resolve()
    await committer.settled()
    expect(committed.sort()).toEqual([
      [0, 9],
      [1, 2],
    ])
  })

  it('neither repeats nor reports what belongs to a lost partition', async () => {
    const { committer, requests, committed } = heldCommitter()
    committer.add(0, 5)
    committer.add(1, 2)
    committer.forget(0)
    committer.forget(1)
    requests[0]!.resolve()
    await committer.settled()
    expect(committed).toEqual([])
    expect(requests).toHaveLength(1)
  })

  it('ends when closed, also while it waits to repeat a commit', async () => {
    const { committer, requests } = heldCommitter()
    committer.add(0, 5)
    requests[0]!.reject(new Error('no'))
    await aTurn()
    committer.close()
    await committer.settled()
    expect(requests).toHaveLength(1)
  })
})
