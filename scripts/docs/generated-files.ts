import { renderAsyncApi } from './render-asyncapi.ts'
import { renderConfiguration } from './render-configuration.ts'
import { renderEnvExample } from './render-env-example.ts'
import { renderErrors } from './render-errors.ts'

/** Every document that is made from the code: its path in the repository, and what it must hold. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['.env.example', renderEnvExample()],
    ['docs/configuration.md', renderConfiguration()],
    ['docs/errors.md', renderErrors()],
    ['docs/asyncapi.json', renderAsyncApi()],
  ])
}
