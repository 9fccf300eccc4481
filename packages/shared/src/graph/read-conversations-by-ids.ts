import { AppError } from '../errors/app-error.ts'
import { mayBeForFields } from './find-refused-fields.ts'
import { BATCH_CALLS_MAX } from './graph-batch.ts'
import type { GraphBatchAnswer } from './graph-client.ts'
import { type GraphConversation, readShape } from './graph-shapes.ts'

/** One conversation, or why it could not be read: the others are not concerned. */
export type ConversationRead =
  | { readonly conversation: GraphConversation; readonly requestedAtMs: number; readonly error?: undefined }
  | { readonly conversation?: undefined; readonly error: AppError }

export interface ConversationReads {
  readonly byId: ReadonlyMap<string, ConversationRead>
  readonly droppedFields: readonly string[]
}

export interface ConversationReadDeps {
  /** How many a batch holds: one second's worth of calls, so that a batch is no burst beyond Facebook's rate. */
  readonly atOnce: number
  readonly batch: (ids: readonly string[]) => Promise<GraphBatchAnswer>
  /** Reads one by itself, finding out which fields are refused. */
  readonly one: (id: string) => Promise<{ readonly conversation: GraphConversation; readonly requestedAtMs: number }>
  /** A part was refused for its rate, and did not say for how long. */
  readonly refused: (error: AppError, requestedAtMs: number) => void
  readonly droppedFields: () => readonly string[]
}

/** Transient failures of a part, and fields that had to be found out first. */
const ROUNDS_MAX = 3
/** These concern the page and not the conversation: going on would make it worse. */
const PAGE_WIDE: ReadonlySet<string> = new Set([
  'FACEBOOK_TOKEN_INVALID',
  'FACEBOOK_RATE_LIMITED',
  'FACEBOOK_MISCONFIGURED',
])

/**
 * Reads conversations that are known by id, by batches and not by `GET /?ids=…`: both count once for each conversation
 * (Graph API "Rate limits"), but one id that is gone fails the whole of a multi-id read, while a part of a batch fails
 * alone, with its own code.
 *
 * Neither is cheap. A listing of a folder without messages tells the state of a hundred conversations for one counted
 * call: what refreshes the state of many, or of the newest, lists; this is for those that lie scattered far down.
 *
 * @throws AppError where it concerns the whole page: token, rate, configuration
 */
export async function readConversationsByIds(
  threadIds: readonly string[],
  deps: ConversationReadDeps,
): Promise<ConversationReads> {
  if (threadIds.length > BATCH_CALLS_MAX)
    throw new RangeError(`At most ${BATCH_CALLS_MAX} conversations at once, not ${threadIds.length}`)
  const byId = new Map<string, ConversationRead>()
  let pending: readonly string[] = [...new Set(threadIds)]
  for (let round = 1; round <= ROUNDS_MAX && pending.length > 0; round++) {
    const suspects = await readRound(pending, byId, deps)
    const cleared = await clear(suspects, byId, deps)
    const failed = pending.filter((id) => byId.get(id)?.error?.code === 'FACEBOOK_UNAVAILABLE')
    pending = [...failed, ...cleared]
  }
  return { byId, droppedFields: deps.droppedFields() }
}

/** Answers those that may have failed for their fields. */
async function readRound(
  ids: readonly string[],
  byId: Map<string, ConversationRead>,
  deps: ConversationReadDeps,
): Promise<readonly string[]> {
  const suspects: string[] = []
  const size = Math.min(deps.atOnce, BATCH_CALLS_MAX)
  for (let from = 0; from < ids.length; from += size) {
    const chunk = ids.slice(from, from + size)
    const { parts, requestedAtMs } = await deps.batch(chunk)
    for (const [index, id] of chunk.entries()) {
      const part = parts[index]
      const read = toRead(part?.body, part?.error, requestedAtMs)
      if (read.error) throwIfPageWide(read.error, requestedAtMs, deps)
      if (mayBeForFields(read.error)) suspects.push(id)
      byId.set(id, read)
    }
  }
  return suspects
}

function toRead(body: unknown, error: AppError | undefined, requestedAtMs: number): ConversationRead {
  if (error) return { error }
  try {
    return { conversation: readShape('conversation', body), requestedAtMs }
  } catch (thrown) {
    if (thrown instanceof AppError) return { error: thrown }
    throw thrown
  }
}

function throwIfPageWide(error: AppError, requestedAtMs: number, { refused }: ConversationReadDeps): void {
  if (!PAGE_WIDE.has(error.code)) return
  if (error.code === 'FACEBOOK_RATE_LIMITED' && error.retryAfterMs === undefined) refused(error, requestedAtMs)
  throw error
}

/** One by itself shows which fields it is, or that it is not the fields; answers those to be read again without them. */
async function clear(
  suspects: readonly string[],
  byId: Map<string, ConversationRead>,
  { one }: ConversationReadDeps,
): Promise<readonly string[]> {
  const [first, ...others] = suspects
  if (first === undefined) return []
  try {
    const { conversation, requestedAtMs } = await one(first)
    byId.set(first, { conversation, requestedAtMs })
    return others
  } catch (error) {
    if (!(error instanceof AppError) || PAGE_WIDE.has(error.code)) throw error
    byId.set(first, { error })
    return []
  }
}
