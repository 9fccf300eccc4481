import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSimulator } from '@pagesync/graph-simulator/create-simulator.ts'
import { replyCommandId } from '@pagesync/shared/automations/reply-ids.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { freePort } from '../support/engines/free-port.ts'
import { eventually } from '../support/eventually.ts'
import { type Child, spawnChild } from '../support/spawn-child.ts'
import {
  isGone,
  isReady,
  SETTLED_WITHIN_MS,
  type Crash as SendCrash,
  START_WITHIN_MS,
  STEPS,
  said,
} from './send-crash.ts'

/** Where the worker is killed: from the decision on, around everything that is kept of it, and around the send. */
export const OWN_STEPS = [
  'reply-decided',
  'reply-accepted',
  'reply-logged',
  'reply-counted',
  'reply-remembered',
] as const
export const REPLY_STEPS = [...OWN_STEPS, ...STEPS] as const
export type ReplyStep = (typeof REPLY_STEPS)[number]

export interface AfterReplyCrash {
  readonly row: CommandRow & { readonly logged: number; readonly triggers: number }
  /** What the customer got. */
  readonly texts: readonly (string | undefined)[]
}

/** A customer writes to a system that dies at the step of its automatic reply; then it is started again. */
export async function crashInReply(step: ReplyStep, engines?: SendCrash['engines']): Promise<AfterReplyCrash> {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-crash-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const port = await freePort()
  const simulator = opened.use(
    await createSimulator({
      // Ids of its own: topics outlive a system.
      seed: randomInt(2, 2 ** 31),
      webhookUrl: `http://127.0.0.1:${port}/api/facebook/webhook`,
      pages: [{ conversations: { count: 0 } }],
    }),
  )
  const [page] = simulator.pages
  const urls = engines ?? { eventLogUrl: `embedded:${folder}`, storeUrl: `embedded:${folder}` }
  const keyword = { keyword: 'ship', response_message: 'Yes, everywhere.' }
  const system = { ...urls, graphUrl: simulator.url, app: simulator.app, page, port, keyword }
  const start = (more: Record<string, unknown>): Child =>
    opened.use(spawnChild('system-that-dies.ts', [JSON.stringify({ ...system, ...more })]))

  const doomed = start({ dieAt: step })
  await said(doomed, isReady, START_WITHIN_MS)
  const { mid } = await simulator.control<{ mid: string }>('POST', 'messages', { text: 'Do you ship?' })
  await eventually(() => isGone(doomed.pid), 60_000)
  // The page is the first of its store.
  const next = start({ watch: replyCommandId(1, canonicalMid(mid)) })
  await said(next, isReady, START_WITHIN_MS)
  const line = await said(next, (each) => each.startsWith('{'), SETTLED_WITHIN_MS)
  const { sent } = await simulator.control<{ sent: { text?: string }[] }>('GET', 'sent')
  return { row: JSON.parse(line), texts: sent.map(({ text }) => text) }
}
