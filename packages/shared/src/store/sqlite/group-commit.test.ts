import { expect, test } from 'vitest'
import { createGroupCommit, type Transactions } from './group-commit.ts'
import { createTurns } from './turns.ts'

/** Keeps what a database would: rows count once their transaction has committed. */
function recorder() {
  const committed: string[][] = []
  let open: string[] | undefined
  const transactions: Transactions = {
    begin() {
      expect(open).toBeUndefined()
      open = []
    },
    commit() {
      committed.push(open as string[])
      open = undefined
    },
    rollback() {
      open = undefined
    },
  }
  return { committed, transactions, write: (row: string) => open?.push(row) }
}

test('writes that arrive together share one transaction', async () => {
  const log = recorder()
  const commits = createGroupCommit(log.transactions, createTurns())
  await Promise.all(Array.from({ length: 50 }, (_, i) => commits.submit(1, () => log.write(`w${i}`))))
  expect(log.committed.flat()).toHaveLength(50)
  expect(log.committed.length).toBeLessThan(5)
})

test('resolves after the commit, never before', async () => {
  const log = recorder()
  const commits = createGroupCommit(log.transactions, createTurns())
  await commits.submit(3, (row) => log.write(`r${row}`))
  expect(log.committed.flat()).toEqual(['r0', 'r1', 'r2'])
})

test('cuts a large write into transactions of at most 200 rows and lets small ones through in between', async () => {
  const log = recorder()
  const commits = createGroupCommit(log.transactions, createTurns())
  const order: string[] = []
  await Promise.all([
    commits.submit(1_000, (row) => log.write(`large${row}`)).then(() => order.push('large')),
    commits.submit(1, () => log.write('small')).then(() => order.push('small')),
  ])
  expect(order).toEqual(['small', 'large'])
  expect(Math.max(...log.committed.map((rows) => rows.length))).toBeLessThanOrEqual(200)
  expect(log.committed.flat().filter((row) => row !== 'small')).toEqual(
    Array.from({ length: 1_000 }, (_, i) => `large${i}`),
  )
})

test('rejects only the write that fails, and keeps none of its rows', async () => {
  const log = recorder()
  const commits = createGroupCommit(log.transactions, createTurns())
  const outcomes = await Promise.allSettled([
    commits.submit(2, (row) => log.write(`a${row}`)),
    commits.submit(2, (row) => {
      log.write(`bad${row}`)
      if (row === 1) throw new Error('refused')
    }),
    commits.submit(1, () => log.write('c')),
  ])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(log.committed.flat()).toEqual(['a0', 'a1', 'c'])
})
