import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

type Row = readonly [verdict: 'refused' | 'allowed', folder: string, code: string]

const from = (source: string): string => `import '${source}'`
const refuse = (folder: string, ...sources: string[]): Row[] =>
  sources.map((source) => ['refused', folder, from(source)])
const allow = (folder: string, ...sources: string[]): Row[] =>
  sources.map((source) => ['allowed', folder, from(source)])

const SHARED = 'packages/shared/src'
const DRIVERS = ['kafkajs', 'mongodb', 'node:sqlite']
const SERVICES = ['webhook-gateway', 'sync-worker', 'api']

/** Imports, each written into a file of the folder: which of them does the linter refuse? */
const IMPORTS: readonly Row[] = [
  // Services import no other service, and not the simulator; only standalone does both.
  ...SERVICES.flatMap((service) => {
    const src = `services/${service}/src`
    const others = [...SERVICES, 'standalone'].filter((name) => name !== service)
    return [
      ...others.flatMap((other) => refuse(src, `@pagesync/${other}/x.ts`, `../../${other}/src/x.ts`)),
      ...others.flatMap((other) => refuse(`${src}/deep`, `../../../${other}/src/x.ts`)),
      ...refuse(src, '@pagesync/graph-simulator/create-simulator.ts', '../../../packages/graph-simulator/src/x.ts'),
      ...refuse(src, '../../../packages/shared/src/model/change.ts'),
      ...allow(src, '@pagesync/shared/model/change.ts', '@pagesync/shared/event-log/open-event-log.ts', './x.ts'),
      ...allow(`${src}/deep`, '../x.ts'),
    ]
  }),
  ...allow('services/standalone/src', '@pagesync/api/create-api.ts', '@pagesync/graph-simulator/create-simulator.ts'),

  // Engines stand behind ports: adapters for their open-… file alone, drivers for their adapter alone.
  ...[...SERVICES, 'standalone'].flatMap((service): Row[] => [
    ...refuse(`services/${service}/src`, ...DRIVERS, '@pagesync/shared/event-log/kafka/kafka-event-log.ts'),
    ['refused', `services/${service}/src`, "await import('@pagesync/shared/store/sqlite/sqlite-store.ts')"],
  ]),
  ...['store/repositories', 'event-log', 'store', 'graph', 'http'].flatMap((folder) => [
    ...refuse(`${SHARED}/${folder}`, ...DRIVERS, '../store/mongo/x.ts', '../event-log/embedded/x.ts', './kafka/x.ts'),
    ...refuse(`${SHARED}/${folder}`, '@pagesync/api/create-api.ts', '../../../graph-simulator/src/x.ts'),
    ...allow(`${SHARED}/${folder}`, '../errors/app-error.ts'),
  ]),
  ['allowed', `${SHARED}/event-log/open-event-log.ts`, "await import('./kafka/kafka-event-log.ts')"],
  ['allowed', `${SHARED}/store/open-store.ts`, "await import('./mongo/mongo-store.ts')"],
  ...refuse(`${SHARED}/event-log/open-event-log.ts`, '../store/sqlite/sqlite-store.ts', ...DRIVERS),
  ...refuse(`${SHARED}/store/open-store.ts`, '../event-log/kafka/kafka-event-log.ts', ...DRIVERS),
  ...allow(`${SHARED}/event-log/kafka`, 'kafkajs', 'kafkajs/src/x.js', './x.ts', '../event-log.ts'),
  ...refuse(`${SHARED}/event-log/kafka`, 'mongodb', 'node:sqlite', '../embedded/x.ts', '@pagesync/api/x.ts'),
  ...allow(`${SHARED}/event-log/embedded`, 'node:sqlite', './x.ts', '../event-log.ts'),
  ...refuse(`${SHARED}/event-log/embedded`, 'kafkajs', 'mongodb', '../kafka/x.ts', '@pagesync/api/x.ts'),
  ...allow(`${SHARED}/store/mongo`, 'mongodb', './x.ts', '../collection.ts'),
  ...refuse(`${SHARED}/store/mongo`, 'kafkajs', 'node:sqlite', '../sqlite/x.ts', '@pagesync/api/x.ts'),
  ...allow(`${SHARED}/store/sqlite`, 'node:sqlite', './x.ts', '../collection.ts'),
  ...refuse(`${SHARED}/store/sqlite`, 'kafkajs', 'mongodb', '../mongo/x.ts', '@pagesync/api/x.ts'),

  // The model is pure.
  ...allow(`${SHARED}/model`, '@sinclair/typebox', '@sinclair/typebox/value', 'node:crypto', 'node:util', './stamp.ts'),
  ...refuse(`${SHARED}/model`, 'node:fs', 'fastify', 'undici', ...DRIVERS, '../lifecycle/clock.ts'),
  ...refuse(`${SHARED}/model`, '@pagesync/api/x.ts'),
  ['allowed', `${SHARED}/model`, "import type { MessageRow } from '../store/repositories/rows.ts'"],
  ['refused', `${SHARED}/model`, "import { messageKey } from '../store/repositories/rows.ts'"],
  ['refused', `${SHARED}/model`, "import { MESSAGES } from '../store/repositories/rows.ts'"],

  // The simulated Facebook is written apart, so that an error of ours is not on both sides.
  ...allow('packages/graph-simulator/src', '@pagesync/shared/lifecycle/clock.ts', './x.ts'),
  ...refuse('packages/graph-simulator/src', '@pagesync/shared/security/signature.ts', '@pagesync/api/x.ts', ...DRIVERS),
  ...refuse('packages/graph-simulator/src', '../../shared/src/security/signature.ts'),
]

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const RULE = 'style/noRestrictedImports'

/** Runs our own rules over `files`; answers `file:line` of each import that is refused. */
async function lint(files: ReadonlyMap<string, readonly string[]>): Promise<ReadonlySet<string>> {
  const config = JSON.parse(await readFile(join(ROOT, 'biome.json'), 'utf8'))
  await writeFile(join(folder, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }))
  for (const [file, lines] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), lines.join('\n'))
  }
  const biome = join(ROOT, 'node_modules/@biomejs/biome/bin/biome')
  const options = [`--only=${RULE}`, '--reporter=json', '--max-diagnostics=none']
  // It ends with 1, since there is something to report.
  const { stdout } = await promisify(execFile)(process.execPath, [biome, 'lint', ...options, '.'], {
    cwd: folder,
  }).catch((error: { stdout: string }) => error)
  const report = JSON.parse(stdout) as {
    diagnostics: { category: string; location: { path: string; start: { line: number } } }[]
  }
  const refusals = report.diagnostics.filter(({ category }) => category === `lint/${RULE}`)
  return new Set(refusals.map(({ location: { path, start } }) => `${path}:${start.line}`))
}

let folder: string
let refused: ReadonlySet<string>
const files = new Map<string, string[]>()
const CASES = IMPORTS.map(([verdict, place, code]) => {
  const file = place.endsWith('.ts') ? place : `${place}/violation.ts`
  const lines = files.get(file) ?? []
  files.set(file, lines)
  return { verdict, place, code, at: `${file}:${lines.push(code)}` }
})

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pagesync-boundaries-'))
  refused = await lint(files)
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the linter, asked about each import in each place,', () => {
  test.each(CASES)('has "$code" $verdict in $place', ({ verdict, at }) => {
    expect(refused.has(at) ? 'refused' : 'allowed').toBe(verdict)
  })
})
