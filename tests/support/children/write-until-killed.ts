/**
 * A process that is there to be killed: opens the store of its first argument and writes documents, a few at a time
 * and many at once, until it is ended. Prints `opened`, or the code and message of why not; then the key of each
 * document as soon as its write was acknowledged.
 */
import { writeSync } from 'node:fs'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { CollectionDefinition, StoreDocument } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'

export interface Written extends StoreDocument {
  readonly n: number
  readonly text: string
}
export const WRITTEN: CollectionDefinition<Written> = { name: 'written', indexes: { by_n: ['n'] } }
export const textOf = (n: number): string => `document ${n} `.repeat(20)

const WRITERS = 8
const BATCH = 25

/** Synchronous: what is printed has left the process, whenever it dies. */
const say = (line: string): number => writeSync(1, `${line}\n`)

async function main(url: string): Promise<void> {
  const store = await openStore(url)
  await store.ensure([WRITTEN])
  const written = store.collection(WRITTEN)
  say('opened')
  let next = 0
  const write = async (): Promise<never> => {
    for (;;) {
      const documents = Array.from({ length: BATCH }, () => ({ n: next, _id: `n${next}`, text: textOf(next++) }))
      await written.insertMany(documents)
      for (const { _id } of documents) say(_id)
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, write))
}

if (import.meta.main) {
  main(process.argv[2] ?? '').catch((error: unknown) => {
    say(error instanceof AppError ? `${error.code} ${error.message}` : String(error))
    process.exitCode = 1
  })
}
