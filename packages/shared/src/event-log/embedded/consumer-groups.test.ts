import { describe, expect, it } from 'vitest'
import { createConsumerGroups, type GroupMember } from './consumer-groups.ts'

const aTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A member that notes what it has, and gives it up when the test says so. */
function member() {
  const has = new Set<number>()
  const releasing: (() => void)[] = []
  const self: GroupMember = {
    assign: (partition) => has.add(partition),
    release(partition) {
      const { promise, resolve } = Promise.withResolvers<void>()
      releasing.push(() => {
        has.delete(partition)
        resolve()
      })
      return promise
    },
  }
  const letGo = async (): Promise<void> => {
    while (releasing.length > 0) {
      releasing.shift()!()
      await aTurn()
    }
  }
  return { self, has, letGo }
}

describe('createConsumerGroups', () => {
  it('gives the only member everything', async () => {
    const groups = createConsumerGroups()
    const one = member()
    groups.join('t', 'g', 3, one.self)
    await aTurn()
    expect([...one.has]).toEqual([0, 1, 2])
  })

  it('moves a partition only when its owner has given it up', async () => {
    const groups = createConsumerGroups()
    const [one, two] = [member(), member()]
    groups.join('t', 'g', 4, one.self)
    await aTurn()
    groups.join('t', 'g', 4, two.self)
    await aTurn()
    expect(two.has.size).toBe(0)
    await one.letGo()
    expect([...one.has]).toEqual([0, 2])
    expect([...two.has]).toEqual([1, 3])
  })

  it('follows the last word when members come and go while a partition moves', async () => {
    const groups = createConsumerGroups()
    const [one, two, three] = [member(), member(), member()]
    groups.join('t', 'g', 2, one.self)
    await aTurn()
    groups.join('t', 'g', 2, two.self)
    const left = groups.leave('t', 'g', one.self)
    groups.join('t', 'g', 2, three.self)
    await one.letGo()
    await left
    await two.letGo()
    expect([...one.has, ...two.has, ...three.has].sort()).toEqual([0, 1])
    expect([...two.has]).toEqual([0])
    expect([...three.has]).toEqual([1])
  })

  it('shares fairly among members that join in the same moment', async () => {
    const groups = createConsumerGroups()
    const [one, two] = [member(), member()]
    groups.join('t', 'g', 4, one.self)
    groups.join('t', 'g', 4, two.self)
    await aTurn()
    await one.letGo()
    expect([[...one.has], [...two.has]]).toEqual([
      [0, 2],
      [1, 3],
    ])
  })

  it('keeps groups and topics apart', async () => {
    const groups = createConsumerGroups()
    const [one, two, three] = [member(), member(), member()]
    groups.join('t', 'g', 2, one.self)
    groups.join('t', 'h', 2, two.self)
    groups.join('u', 'g', 2, three.self)
    await aTurn()
    expect([one, two, three].map(({ has }) => has.size)).toEqual([2, 2, 2])
  })
})
