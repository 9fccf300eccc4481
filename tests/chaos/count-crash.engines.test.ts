import { randomBytes } from 'node:crypto'
import { expect, inject, it } from 'vitest'
import { killWhileCounting } from './count-crash.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

it.skipIf(!kafkaUrl || !mongodbUrl)(
  'a worker that is killed while it counts: exact again within 60 s, on Kafka and FerretDB',
  async () => {
    const { counted, rows, found } = await killWhileCounting({
      eventLogUrl: kafkaUrl ?? '',
      storeUrl: new URL(`count_${randomBytes(6).toString('hex')}`, mongodbUrl).href,
    })
    expect(counted).toEqual(rows)
    expect(counted.messages).toBeGreaterThan(0)
    expect(found).toBeGreaterThan(0)
  },
  600_000,
)
