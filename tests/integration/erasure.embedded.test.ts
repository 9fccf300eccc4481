import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { describeErasure } from './erasure.ts'

describeErasure('on the embedded engines', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-erasure-'))
  const eventLog = await openEventLog(`embedded:${folder}`, { clientId: 'erasure' })
  const store = await openStore(`embedded:${folder}`)
  return {
    eventLog,
    store,
    async [Symbol.asyncDispose]() {
      await eventLog.close()
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
})
