import { readFileSync } from 'node:fs'
import { type NodeProcess, spawnNode } from '../tests/support/spawn-node.ts'

const SCRIPTS = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { scripts: Record<string, string> }
).scripts

/** The worker as `npm run start:worker` starts it, with the same flags. */
export function spawnWorker(environment: Readonly<Record<string, string>>): NodeProcess {
  const [, ...words] = (SCRIPTS['start:worker'] ?? '').split(' ')
  const flags = words.filter((word) => word.startsWith('--'))
  const script = words.find((word) => word.endsWith('.ts'))
  if (script === undefined) throw new Error('package.json has no script that starts the worker')
  return spawnNode(script, { ERASURE_KEY: 'erasure-key-of-the-benchmarks-012345', ...environment }, [], flags)
}
