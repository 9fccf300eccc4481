import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers'
import type { EngineHandle } from '../global-setup.ts'
import { startLocalMongo } from './local-mongo.ts'

export { type LocalMongo, startLocalMongo } from './local-mongo.ts'

const MONGO_IMAGE = 'mongo:8.0'
const MONGO_PORT = 27_017
const CONTAINER_START_MS = 120_000

/**
 * A server that speaks MongoDB's protocol: `TEST_MONGODB_URI`, else the `mongo` image where a container engine has or
 * gets it, else FerretDB/DocumentDB by the scripts of `scripts/engines`.
 */
export async function startMongoEngine(): Promise<EngineHandle> {
  const given = process.env.TEST_MONGODB_URI
  if (given) return { url: given, label: 'TEST_MONGODB_URI', [Symbol.asyncDispose]: async () => undefined }
  const reasons: string[] = []
  for (const start of [startContainer, startScripts]) {
    try {
      return await start()
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error))
    }
  }
  return { unavailable: reasons.join('; ') }
}

async function startContainer(): Promise<EngineHandle> {
  await getContainerRuntimeClient()
  const container = await new GenericContainer(MONGO_IMAGE)
    .withExposedPorts(MONGO_PORT)
    .withWaitStrategy(Wait.forLogMessage(/Waiting for connections/))
    .withStartupTimeout(CONTAINER_START_MS)
    .start()
  return {
    url: `mongodb://${container.getHost()}:${container.getMappedPort(MONGO_PORT)}/`,
    label: `${MONGO_IMAGE} (container)`,
    [Symbol.asyncDispose]: async () => {
      await container.stop({ remove: true, removeVolumes: true })
    },
  }
}

async function startScripts(): Promise<EngineHandle> {
  const mongo = await startLocalMongo()
  return {
    url: mongo.url,
    label: 'FerretDB/DocumentDB',
    [Symbol.asyncDispose]: () => mongo[Symbol.asyncDispose](),
  }
}

/** The server's URL with a database of its own, for one test file; drop it at the end. */
export function mongoDatabaseUrl(serverUrl: string, database: string): string {
  const match = /^(mongodb(?:\+srv)?:\/\/[^/?]+)(?:\/[^?]*)?(\?.*)?$/.exec(serverUrl)
  if (!match) throw new Error(`not a MongoDB URL: ${serverUrl}`)
  return `${match[1]}/${database}${match[2] ?? ''}`
}
