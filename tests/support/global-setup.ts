import type { TestProject } from 'vitest/node'
import { startKafkaEngine } from './engines/kafka-engine.ts'
import { startMongoEngine } from './engines/mongo-engine.ts'

/** A real engine for the run. `unavailable` says why there is none. */
export type EngineHandle =
  | ({ readonly url: string; readonly label: string } & AsyncDisposable)
  | { readonly unavailable: string }

declare module 'vitest' {
  interface ProvidedContext {
    /** `kafka://host:port`, or '' where no Kafka could be had (never with CI set). */
    kafkaUrl: string
    /** `mongodb://host:port/`, or '' where none could be had (never with CI set). */
    mongodbUrl: string
  }
}

/** Starts Kafka and a MongoDB-compatible server once for all engine tests, and ends them after the last one. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [kafka, mongo] = await Promise.all([startKafkaEngine(), startMongoEngine()])
  for (const [name, engine] of [
    ['Kafka', kafka],
    ['MongoDB', mongo],
  ] as const) {
    if ('unavailable' in engine) {
      const message = `${name} cannot be had on this machine: ${engine.unavailable}`
      if (process.env.CI) throw new Error(message)
      console.error(`\n!!! ${message}\n!!! Its tests are SKIPPED. With CI set this is a failure.\n`)
    } else {
      console.error(`${name}: ${engine.label} at ${engine.url}`)
    }
  }
  project.provide('kafkaUrl', 'unavailable' in kafka ? '' : kafka.url)
  project.provide('mongodbUrl', 'unavailable' in mongo ? '' : mongo.url)
  return async () => {
    for (const engine of [kafka, mongo]) {
      if (!('unavailable' in engine)) await engine[Symbol.asyncDispose]()
    }
  }
}
