import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { describeEventConsumerModel } from './event-consumer-model.ts'

describeEventConsumerModel(
  'on the embedded engines',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pagesync-model-'))
    const eventLog = await openEventLog(`embedded:${folder}`, { clientId: 'model' })
    const store = await openStore(`embedded:${folder}`, {})
    return {
      eventLog,
      store,
      async [Symbol.asyncDispose]() {
        await eventLog.close()
        await store.close()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
  40,
)
