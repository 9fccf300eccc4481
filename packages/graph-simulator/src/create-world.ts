import { freshenCustomers } from './actions/freshen-customers.ts'
import { createMovableClock, type MovableClock } from './clock/movable-clock.ts'
import { createPage } from './data/create-page.ts'
import { lettersOf, seedOf } from './data/hash.ts'
import { openJournal } from './data/journal.ts'
import { createSentLog } from './data/sent-log.ts'
import { createTokenRegistry } from './data/token-registry.ts'
import { createFaultRules } from './faults/fault-rules.ts'
import { createCallLog } from './graph/call-log.ts'
import { createFieldParser } from './graph/field-selection.ts'
import { createCallHandler } from './graph/handle-call.ts'
import { PAGE_FIELDS } from './graph/subscription-fields.ts'
import { createUsageMeter } from './graph/usage-meter.ts'
import type { PageSpec, SimulatorOptions } from './simulator-options.ts'
import { defaultSwitches } from './switches/default-switches.ts'
import { createWebhookSender } from './webhooks/webhook-sender.ts'
import type { SimulatedApp, SimulatedPage, World } from './world.ts'

const DEFAULT_PAGES: readonly PageSpec[] = [{ conversations: 60 }]

/** Builds everything from the options; `origin` is set when the server listens. */
export function createWorld(
  options: SimulatorOptions,
  clock: MovableClock = options.clock ?? createMovableClock(),
): World {
  const seed = options.seed ?? 1
  const switches = { ...defaultSwitches(), ...options.switches }
  if (options.latencyMs !== undefined) switches.latencyMs = options.latencyMs
  const app: SimulatedApp = {
    id: options.appId ?? '1122334455667788',
    name: 'Pagesync Demo',
    secret: options.appSecret ?? lettersOf(seedOf('secret', seed), 32).toLowerCase(),
    verifyToken: options.verifyToken ?? `verify-${lettersOf(seedOf('verify', seed), 16)}`,
    callbackUrl: options.webhookUrl,
    fields: new Set(PAGE_FIELDS),
  }
  const world: World = {
    seed,
    clock,
    switches,
    app,
    pages: new Map<string, SimulatedPage>(),
    user: { id: `10${String(seedOf('user', seed)).padStart(13, '0')}`, name: 'Dara Sok' },
    tokens: createTokenRegistry(seed, app),
    calls: createCallLog(),
    sent: createSentLog(),
    usage: createUsageMeter(clock, switches),
    faults: createFaultRules(),
    webhooks: createWebhookSender(clock, switches, app),
    parseFields: createFieldParser(),
    cursorAge: 0,
    journal: options.journalFile === undefined ? undefined : openJournal(options.journalFile, seed, clock.now()),
    origin: '',
    handle: () => Promise.reject(new Error('The world is not complete yet')),
  }
  world.handle = createCallHandler(world)
  for (const spec of options.pages ?? DEFAULT_PAGES) addPage(world, spec)
  if (world.journal !== undefined) freshenCustomers(world)
  world.tokens.issue('user', clock.now(), { lifetimeMs: 60 * 86_400_000 })
  return world
}

/** Adds a page and its token. */
export function addPage(world: World, spec: PageSpec): { page: SimulatedPage; accessToken: string } {
  const page = createPage(world, spec)
  if (world.pages.has(page.id)) throw new RangeError(`Page ${page.id} exists already`)
  world.pages.set(page.id, page)
  const issued = world.tokens.issue('page', world.clock.now(), { pageId: page.id, text: spec.accessToken })
  return { page, accessToken: issued.token }
}
