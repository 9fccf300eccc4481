import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import {
  type DistributedSystem,
  OPERATOR_TOKEN,
  PARTITIONS,
  startDistributedSystem,
  VERIFY_TOKEN,
} from '../support/distributed-system.ts'
import { type EngineTraces, readAlong, readDatabase } from '../support/engine-traces.ts'
import { eventually } from '../support/eventually.ts'
import { findSecrets, PLANTED, placesOf, SIMULATED_TOKEN } from '../support/secret-search.ts'
import { customerWrites } from '../support/system.ts'
import { ERASURE_KEY, TOKEN_KEYS } from '../support/token-keys.ts'
import { letGo, useSecrets } from '../support/use-secrets.ts'
import { describeMainJob } from './main-job.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')

if (kafkaUrl && mongodbUrl) {
  let traces: EngineTraces
  // From before the first record.
  beforeAll(async () => {
    traces = await readAlong(kafkaUrl, PARTITIONS)
  })
  afterAll(() => traces?.[Symbol.asyncDispose]())
  describeMainJob(
    'as separate processes on Kafka and a MongoDB-compatible server',
    () => startDistributedSystem({ kafkaUrl, mongodbUrl }),
    (system) => {
      it('leaves no secret in clear: not in a topic, not in a collection, not in what the processes write', () =>
        expectNoSecret(system(), traces))
    },
  )
} else {
  describe('the main job on real engines', () => {
    it.skip('needs Kafka and a MongoDB-compatible server: see the start of this run', () => undefined)
  })
}

async function expectNoSecret(system: DistributedSystem, traces: EngineTraces): Promise<void> {
  const secrets = await useSecrets(system, OPERATOR_TOKEN)
  for (const [name, secret] of Object.entries({ ERASURE_KEY, VERIFY_TOKEN, key: system.apiKey, app: system.appSecret }))
    secrets.set(name, secret)
  secrets.set('token key', TOKEN_KEYS.split(':')[1] as string)
  await customerWrites(system, { text: `look: ${PLANTED}` })
  const read = async () => new Map([...(await readDatabase(mongodbUrl, system.database)), ...traces.topics()])
  // What is there is found: in the topic and where the worker put it.
  await eventually(async () => placesOf(PLANTED, await read()).includes('messages'))
  await letGo(system)
  await system[Symbol.asyncDispose]()
  const places = (await read()).set('output', Buffer.from(system.output()))
  expect(placesOf(PLANTED, places)).toEqual(
    expect.arrayContaining(['messages', 'facebook.page-events.v1', 'facebook.changes.v1']),
  )
  expect(placesOf(PLANTED, places)).not.toContain('output')
  expect(placesOf('"msg":"listening"', places)).toEqual(['output'])
  for (const name of ['facebook.commands.v1', 'sealed_tokens', 'api_keys', 'accounts', 'audit_log'])
    expect(places.get(name)?.length, name).toBeGreaterThan(100)
  for (const name of ['user token', 'page token']) expect(secrets.get(name)).toMatch(SIMULATED_TOKEN)
  expect(findSecrets(new Map([['planted', PLANTED]]), places)).toContain('planted in messages')
  expect(findSecrets(secrets, places)).toEqual([])
}
