import type { Static, TObject } from '@sinclair/typebox'
import { AppError } from '../errors/app-error.ts'
import { loadConfig } from './load-config.ts'

/**
 * The configuration of this process, for `main.ts`. Where it is wrong, everything that is wrong stands on standard
 * error, in words and without a stack, and the process ends with 1: there is no logger yet, its level is a setting.
 */
export function readConfig<T extends TObject>(schema: T): Readonly<Static<T>> {
  try {
    return loadConfig(schema, process.env)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exit(1)
  }
}
