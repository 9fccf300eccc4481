import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ApiConfig } from '@pagesync/api/config.ts'
import { ENVIRONMENT_VARIABLES, readEnvironment } from '@pagesync/graph-simulator/read-environment.ts'
import { loadConfig } from '@pagesync/shared/config/load-config.ts'
import { WorkerConfig } from '@pagesync/sync-worker/config.ts'
import { GatewayConfig } from '@pagesync/webhook-gateway/config.ts'
import type { TObject } from '@sinclair/typebox'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'

interface ComposeService {
  readonly image: string
  readonly build?: string
  readonly command?: readonly string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: unknown
}

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))
const text = (path: string): Promise<string> => readFile(at(path), 'utf8')

const source = await text('docker-compose.yml')
const compose = parse(source, { merge: true }) as {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly volumes: Readonly<Record<string, unknown>>
}
const dockerfile = await text('Dockerfile')
const manifest = JSON.parse(await text('package.json')) as { readonly scripts: Readonly<Record<string, string>> }

const SERVICES: readonly { name: string; schema: TObject; port: string; script: string }[] = [
  { name: 'webhook-gateway', schema: GatewayConfig, port: 'GATEWAY_PORT', script: 'start:gateway' },
  { name: 'sync-worker', schema: WorkerConfig, port: 'WORKER_PORT', script: 'start:worker' },
  { name: 'api', schema: ApiConfig, port: 'API_PORT', script: 'start:api' },
]
/** What nobody can guess, as somebody would fill it in. */
const FILLED_IN = {
  FB_APP_ID: '1029384756',
  FB_APP_SECRET: 'a'.repeat(32),
  FB_VERIFY_TOKEN: 'verify-me',
  TOKEN_KEYS: `2026-11:${Buffer.alloc(32, 7).toString('base64')}`,
  ERASURE_KEY: 'e'.repeat(32),
}

/** `${NAME}`, `${NAME:-default}` and `${NAME:?error}`, as compose replaces them. */
const REFERENCE = /\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g

function interpolate(value: string | number, given: Readonly<Record<string, string>>): string {
  return String(value).replace(REFERENCE, (_whole, name: string, how: string | undefined, rest: string) => {
    if (given[name]) return given[name]
    if (how === '?') throw new Error(`${name} ${rest}`)
    return how === '-' ? rest : ''
  })
}

function environmentOf(service: string, given: Readonly<Record<string, string>>): Record<string, string> {
  const { environment = {} } = compose.services[service]!
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, interpolate(value, given)]))
}

describe.each(SERVICES)('docker-compose.yml, service $name', ({ name, schema, port, script }) => {
  const service = compose.services[name]!

  test('sets only variables that the service reads', () => {
    const unknown = Object.keys(service.environment ?? {}).filter((variable) => !(variable in schema.properties))
    expect(unknown).toEqual([])
  })

  test('starts with nothing but the secrets filled in, on its own Kafka and MongoDB', () => {
    const config = loadConfig(schema, environmentOf(name, FILLED_IN))
    expect(config.EVENT_LOG_URL).toBe('kafka://kafka:9092?replication=1&min_isr=1')
    expect(config.STORE_URL).toBe('mongodb://mongodb:27017/pagesync')
  })

  test('has no default for what nobody can guess', () => {
    const needed = Object.keys(FILLED_IN).filter((variable) => variable in schema.properties)
    expect(needed).toContain('FB_APP_SECRET')
    for (const variable of needed) {
      const others = Object.fromEntries(Object.entries(FILLED_IN).filter(([other]) => other !== variable))
      expect(() => environmentOf(name, others)).toThrow(variable)
    }
  })

  test('publishes the port on which it listens, on this machine alone', () => {
    for (const published of service.ports ?? []) {
      const [address, , inside] = interpolate(published, {}).split(':')
      expect(address).toBe('127.0.0.1')
      expect(inside).toBe(String(service.environment?.[port]))
    }
    expect(service.environment?.[port]).toBe(schema.properties[port]?.default)
  })

  test('runs what the npm script runs, from a file that is there', () => {
    expect(service.command?.join(' ')).toBe(manifest.scripts[script])
    expect(existsSync(at(service.command?.at(-1) ?? ''))).toBe(true)
  })

  test('waits until Kafka and MongoDB are healthy', () => {
    expect(service.depends_on).toMatchObject({
      kafka: { condition: 'service_healthy' },
      mongodb: { condition: 'service_healthy' },
    })
  })
})

describe('docker-compose.yml, the simulated Facebook', () => {
  test('starts with the same secrets, and sends its webhooks to the gateway', () => {
    const environment = environmentOf('graph-simulator', FILLED_IN)
    expect(Object.keys(environment).filter((name) => !(name in ENVIRONMENT_VARIABLES))).toEqual([])
    const read = readEnvironment(environment)
    expect(read).toMatchObject({ options: { webhookUrl: 'http://webhook-gateway:3031/api/facebook/webhook' } })
    expect(compose.services['graph-simulator']?.command?.join(' ')).toBe(manifest.scripts['start:simulator'])
  })
})

describe('docker-compose.yml', () => {
  test('waits only for services that tell their health', () => {
    for (const [name, { depends_on = {} }] of Object.entries(compose.services)) {
      for (const awaited of Object.keys(depends_on)) {
        const { healthcheck, build } = compose.services[awaited]!
        // What is built here has the health check of the Dockerfile.
        expect(
          healthcheck ?? (build && dockerfile.includes('HEALTHCHECK')),
          `${name} waits for ${awaited}`,
        ).toBeTruthy()
      }
    }
  })

  test('declares the volumes that it uses', () => {
    const used = Object.values(compose.services).flatMap(({ volumes = [] }) =>
      volumes.map((each) => each.split(':')[0]),
    )
    expect(new Set(used)).toEqual(new Set(Object.keys(compose.volumes)))
  })

  test('takes from .env only what .env.example shows, or the simulator reads', async () => {
    const shown = await text('.env.example')
    const taken = new Set([...source.matchAll(REFERENCE)].map(([, name]) => name!))
    const missing = [...taken].filter(
      (name) => !new RegExp(`^(# )?${name}=`, 'm').test(shown) && !(name in ENVIRONMENT_VARIABLES),
    )
    expect(missing).toEqual([])
  })
})

describe('the Dockerfile', () => {
  test('installs the dependencies of every workspace', async () => {
    const folders = ['packages', 'services']
    const workspaces = (await Promise.all(folders.map((folder) => readdir(at(folder))))).flatMap((names, i) =>
      names.map((name) => `${folders[i]}/${name}/package.json`),
    )
    expect(workspaces.filter((path) => !dockerfile.includes(`COPY ${path} `))).toEqual([])
  })

  test('copies only what .dockerignore lets through', async () => {
    const let_through = (await text('.dockerignore')).split('\n').filter((line) => line.startsWith('!'))
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources!.split(' '))
    const kept_out = copied.filter((path) => !let_through.some((line) => path.startsWith(line.slice(1))))
    expect(copied.length).toBeGreaterThan(5)
    expect(kept_out).toEqual([])
  })
})
