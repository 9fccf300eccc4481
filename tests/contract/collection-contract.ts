import type { Store } from '@pagesync/shared/store/collection.ts'
import { afterAll, beforeAll, describe } from 'vitest'
import { describeAgainstReference } from './collection/against-reference.ts'
import { describeDocuments } from './collection/documents.ts'
import { describeLifecycle } from './collection/lifecycle.ts'
import { describeMisuse } from './collection/misuse.ts'
import { describeQueries } from './collection/queries.ts'
import { describeWrites } from './collection/writes.ts'

export interface CollectionContractOptions {
  /** How many random sequences of calls are compared with the reference. */
  readonly propertyRuns: number
}

/**
 * What every engine behind the store port must do, sentence by sentence of the port's comments. `open` gives a store
 * on data that nobody else has open; whoever calls this removes the data afterwards.
 */
export function describeCollectionContract(
  name: string,
  open: () => Promise<Store>,
  { propertyRuns }: CollectionContractOptions,
): void {
  describe(`Collection on ${name}`, () => {
    let opened: Store | undefined
    const store = (): Store => {
      if (!opened) throw new Error('the store is opened before the tests')
      return opened
    }
    beforeAll(async () => {
      opened = await open()
    })
    afterAll(async () => {
      await opened?.close()
    })
    describeWrites(store)
    describeQueries(store)
    describeDocuments(store)
    describeMisuse(store)
    describeLifecycle(store, open)
    describeAgainstReference(store, propertyRuns)
  })
}
