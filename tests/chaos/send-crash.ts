import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSimulator } from '@pagesync/graph-simulator/create-simulator.ts'
import { newCommandId } from '@pagesync/shared/model/command.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { freePort } from '../support/engines/free-port.ts'
import { eventually } from '../support/eventually.ts'
import { type Child, spawnChild } from '../support/spawn-child.ts'

/** Where the worker is killed: around each thing that a send writes, and before and after its call. */
export const STEPS = [
  'before-claim',
  'after-claim',
  'before-call',
  'after-call',
  'message-written',
  'after-record',
  'after-success',
] as const
export type Step = (typeof STEPS)[number]

/** How the echo comes, in turn; `none`: it is lost as well. */
export const ECHO_ORDERS = ['after', 'none', 'before'] as const

/** A command that is not settled within this, once there is a worker again, counts as lost. */
export const SETTLED_WITHIN_MS = 120_000
/** How long a machine with other work may take to start a process: nothing is measured by it. */
export const START_WITHIN_MS = 180_000

export interface Crash {
  readonly step: Step
  readonly echoOrder: (typeof ECHO_ORDERS)[number]
  readonly engines?: { readonly eventLogUrl: string; readonly storeUrl: string }
}

export interface AfterCrash {
  /** Null: it was not settled in time. */
  readonly row: CommandRow | null
  /** How many of this command's messages the customer got. */
  readonly delivered: number
  readonly settledAfterMs: number
}

/** Sends one message by a system that dies at the step, starts it again, and counts what the customer got. */
export async function crashInSend({ step, echoOrder, engines }: Crash): Promise<AfterCrash> {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-crash-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const simulator = opened.use(
    await createSimulator({
      // Ids of its own: topics outlive a system.
      seed: randomInt(2, 2 ** 31),
      webhookUrl: `http://127.0.0.1:${port}/api/facebook/webhook`,
      pages: [{ conversations: { count: 3, recentCustomers: 3 } }],
    }),
  )
  await simulator.control('PUT', 'switches', { echoOrder })
  const [page] = simulator.pages
  const { conversations } = await simulator.control<{ conversations: { psids: string[] }[] }>('GET', 'conversations')
  const command = {
    id: newCommandId(Date.now()),
    type: 'message.send',
    arguments: { message: 'Yes, we do', recipient_id: conversations[0]?.psids[0] },
    requested_by: { kind: 'service', id: 'test' },
    requested_at: new Date().toISOString(),
  }
  const urls = engines ?? { eventLogUrl: `embedded:${folder}`, storeUrl: `embedded:${folder}` }
  const system = { ...urls, graphUrl: simulator.url, app: simulator.app, page, port }
  const start = (more: Record<string, unknown>): Child =>
    opened.use(spawnChild('system-that-dies.ts', [JSON.stringify({ ...system, ...more })]))

  const startedMs = Date.now()
  const doomed = start({ dieAt: step, command })
  await said(doomed, isReady, START_WITHIN_MS)
  await eventually(() => isGone(doomed.pid), 60_000)
  const next = start({ watch: command.id })
  await said(next, isReady, START_WITHIN_MS)
  const row = await said(next, (line) => line.startsWith('{'), SETTLED_WITHIN_MS).then(
    (line) => JSON.parse(line) as CommandRow,
    () => null,
  )
  const { sent } = await simulator.control<{ sent: unknown[] }>('GET', 'sent')
  return { row, delivered: sent.length, settledAfterMs: Date.now() - startedMs }
}

export const isReady = (line: string): boolean => line === 'ready'

export async function said(child: Child, wanted: (line: string) => boolean, timeoutMs: number): Promise<string> {
  return eventually(() => child.lines.find(wanted), timeoutMs).catch((error) => {
    throw new Error(`the process did not say so:\n${child.complaints()}`, { cause: error })
  })
}

export function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}
