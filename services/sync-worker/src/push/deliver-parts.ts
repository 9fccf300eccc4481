import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { SendRequest } from '@pagesync/shared/graph/page-graph-writes.ts'
import { mayHaveTakenEffect } from '@pagesync/shared/graph/transport-error.ts'
import { sendReference } from '@pagesync/shared/model/send-reference.ts'
import type { OperationContext, Unconfirmed } from '../commands/operation.ts'
import { type Calling, NOTHING_SENT, type SendPart, type SendState, withPartSent } from './send-state.ts'
import { echoOf, settleCalling } from './settle-calling.ts'
import { untilExpired } from './until-expired.ts'

export interface Delivery {
  /** Where nothing was begun yet. */
  readonly begin?: SendState
  readonly parts: readonly SendPart[]
  readonly recipient: SendRequest['recipient']
  readonly options: Pick<SendRequest, 'messagingType' | 'tag' | 'replyTo'>
  /** Before each call, and again where it had to wait for the page's budget: throws where it must not be made any more. */
  readonly mayCall: () => void | Promise<void>
  /** A part has arrived: writes it down. Repeatable. */
  readonly record: (sent: SentPart) => Promise<void>
  /** The refusal means that it is there already, from a call whose answer was lost. */
  readonly isThereAlready: (error: AppError) => boolean
}

export interface SentPart {
  readonly part: SendPart
  readonly reference: string
  /** Null where Facebook did not name the message. */
  readonly mid: string | null
  /** As Facebook's answer names the person; null where it was found otherwise. */
  readonly psid: string | null
  readonly atMs: number
}

/** What was looked at so long ago is looked at again. */
const SEEN_FOR_MS = 1_000

type Delivered = { readonly mids: readonly (string | null)[] } | Unconfirmed

/**
 * Sends the parts in order, each exactly once as far as that can be known: that a call begins is saved before it is
 * made, so whoever goes on after a crash or a lost answer finds out first what became of it (`settleCalling`).
 */
export async function deliverParts(delivery: Delivery, context: OperationContext): Promise<Delivered> {
  const { parts } = delivery
  const save = async (state: SendState): Promise<SendState> => {
    await context.save(state, { phase: 'send', done: state.sent.length, total: parts.length })
    return state
  }
  let state = (context.command.checkpoint as SendState | null) ?? delivery.begin ?? NOTHING_SENT
  while (state.sent.length < parts.length) {
    const part = parts[state.sent.length] as SendPart
    const reference = sendReference(context.command.command_id, state.sent.length)
    const arrived = async (mid: string | null, psid: string | null, atMs: number): Promise<void> => {
      await delivery.record({ part, reference, mid, psid, atMs })
      state = await save(withPartSent(state, mid))
    }

    const earlier = state.calling
    if (earlier) {
      const settled = await settleCalling({ part, reference, calling: earlier, state, delivery }, context)
      if ('unconfirmed' in settled) {
        await save({ ...state, calling: settled.calling })
        return { unconfirmed: settled.unconfirmed }
      }
      if ('mid' in settled) {
        await arrived(settled.mid, null, settled.atMs)
        continue
      }
      state = await save({ ...state, calling: null, resent: true })
    }

    const outcome = await call(part, reference, earlier)
    if (outcome === 'refused') continue
    if ('unknownSinceMs' in outcome) {
      // The echo may have been faster than the answer that never came.
      const echo = await echoOf(reference, context)
      const dueMs = outcome.unknownSinceMs + context.pushSettings.sendEchoMs
      if (!echo) return { unconfirmed: { dueMs, reason: 'answer_lost' } }
      await arrived(echo.mid, null, echo.at_ms)
      continue
    }
    await arrived(outcome.mid, outcome.psid, outcome.requestedAtMs)
  }
  return { mids: state.sent.map(({ mid }) => mid) }

  async function call(part: SendPart, reference: string, earlier: Calling | null): Promise<CallOutcome> {
    const { writes, signal, clock } = context
    const { recipient, options, isThereAlready } = delivery
    const request: SendRequest = { recipient, message: { ...part.message, metadata: reference }, ...options }
    await delivery.mayCall()
    const lookedMs = clock.now()
    const begin = async (expired: AbortSignal): Promise<void> => {
      expired.throwIfAborted()
      if (clock.now() - lookedMs > SEEN_FOR_MS) await delivery.mayCall()
      state = await save({ ...state, calling: beginCall(state, earlier, context) })
    }
    try {
      return await untilExpired(context, ({ until }) => writes.send(request, { until, begin: () => begin(until) }))
    } catch (error) {
      const { calling } = state
      // Not begun; or stopped in the middle: what is saved makes the next worker find out.
      if (calling === null || signal.aborted || !(error instanceof AppError)) throw error
      if (mayHaveTakenEffect(error)) return { unknownSinceMs: calling.called_ms }
      if (state.resent && isThereAlready(error)) {
        state = await save(withPartSent(state, null))
        return 'refused'
      }
      state = await save({ ...state, calling: null })
      throw error
    }
  }
}

type CallOutcome =
  | { readonly mid: string; readonly psid: string | null; readonly requestedAtMs: number }
  | { readonly unknownSinceMs: number }
  /** It is there already. */
  | 'refused'

function beginCall(state: SendState, earlier: Calling | null, { clock }: OperationContext): Calling {
  const now = clock.now()
  return { part: state.sent.length, called_ms: now, first_called_ms: earlier?.first_called_ms ?? now, checks: 0 }
}
