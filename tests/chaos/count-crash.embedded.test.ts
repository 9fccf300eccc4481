import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { killWhileCounting } from './count-crash.ts'

it('a worker that is killed while it counts: exact again within 60 s, on the embedded engines', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-count-'))
  try {
    const { counted, rows, found } = await killWhileCounting({
      eventLogUrl: `embedded:${folder}`,
      storeUrl: `embedded:${folder}`,
    })
    expect(counted).toEqual(rows)
    expect(counted.messages).toBeGreaterThan(0)
    expect(found).toBeGreaterThan(0)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}, 600_000)
