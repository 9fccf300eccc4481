import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { describePageConnections } from './page-connections.ts'

describePageConnections('on the embedded store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-connections-'))
  const store = await openStore(`embedded:${folder}`)
  const close = async (): Promise<void> => {
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { ...store, close }
})
