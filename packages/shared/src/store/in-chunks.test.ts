import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inChunks } from './in-chunks.ts'

test('hands every item on once, in chunks within both limits', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: 50 })),
      fc.integer({ min: 1, max: 4 }),
      async (sizes, items) => {
        const seen: number[] = []
        const limits = { items, size: 60, concurrent: 2 }
        await inChunks(
          [...sizes.keys()],
          limits,
          (i) => sizes[i] as number,
          async (chunk) => {
            const size = chunk.reduce((sum, i) => sum + (sizes[i] as number), 0)
            expect(chunk.length).toBeLessThanOrEqual(items)
            expect(chunk.length === 1 || size <= 60).toBe(true)
            seen.push(...chunk)
          },
        )
        expect(seen.toSorted((a, b) => a - b)).toEqual([...sizes.keys()])
      },
    ),
  )
})

test('begins nothing after a failure and waits for what is under way', async () => {
  const begun: number[] = []
  const ended: number[] = []
  const attempt = inChunks(
    [1, 2, 3, 4, 5],
    { items: 1, size: 10, concurrent: 2 },
    () => 1,
    async ([item = 0]) => {
      begun.push(item)
      if (item === 1) throw new Error('refused')
      await new Promise((resolve) => setImmediate(resolve))
      ended.push(item)
    },
  )
  await expect(attempt).rejects.toThrow('refused')
  expect(begun).toEqual([1, 2])
  expect(ended).toEqual([2])
})
