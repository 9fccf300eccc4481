import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { describeSchedules, describeSharedSchedules, type OpenStore } from './schedules.ts'

const open: OpenStore = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-schedules-'))
  const store = await openStore(`embedded:${folder}`, {})
  return {
    ...store,
    async [Symbol.asyncDispose]() {
      await store.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

describeSharedSchedules('on the embedded store', open)
describeSchedules('on the embedded store', open)
