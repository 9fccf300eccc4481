import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gatherCalls } from '@pagesync/shared/store/gathered-store.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { afterAll } from 'vitest'
import { describeCollectionContract } from './collection-contract.ts'
import { describeMergeRowsContract } from './merge-rows-contract.ts'

const directories: string[] = []

async function openFresh() {
  const directory = await mkdtemp(path.join(tmpdir(), 'pagesync-gathered-'))
  directories.push(directory)
  return gatherCalls(await openStore(`embedded:${directory}`))
}

afterAll(async () => {
  for (const directory of directories) await rm(directory, { recursive: true, force: true })
})

describeCollectionContract('a store whose calls are gathered', openFresh, { propertyRuns: 60 })
describeMergeRowsContract('a store whose calls are gathered', openFresh)
