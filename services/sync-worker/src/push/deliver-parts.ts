import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { SendRequest } from '@pagesync/shared/graph/page-graph-writes.ts'
import { mayHaveTakenEffect } from '@pagesync/shared/graph/transport-error.ts'
import { sendReference } from '@pagesync/shared/model/send-reference.ts'
import type { OperationContext, Unconfirmed } from '../commands/operation.ts'
import { type Calling, NOTHING_SENT, type SendPart, type SendState, withPartSent } from './send-state.ts'
import { echoOf, settleCalling } from './settle-calling.ts'

export interface Delivery {
  readonly parts: readonly SendPart[]
  readonly recipient: SendRequest['recipient']
  readonly options: Pick<SendRequest, 'messagingType' | 'tag' | 'replyTo'>
  /** Right before each call: throws where it must not be made any more. */
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
  let state = (context.command.checkpoint as SendState | null) ?? NOTHING_SENT
  while (state.sent.length < parts.length) {
    const part = parts[state.sent.length] as SendPart
    const reference = sendReference(context.command.command_id, state.sent.length)
    const arrived = async (mid: string | null, psid: string | null, atMs: number): Promise<void> => {
      await delivery.record({ part, reference, mid, psid, atMs })
      state = await save(withPartSent(state, mid))
    }

    let calling = state.calling
    if (calling) {
      const settled = await settleCalling({ part, reference, calling, state, delivery }, context)
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

    await delivery.mayCall()
    calling = beginCall(state, calling, context)
    state = await save({ ...state, calling })
    const outcome = await call(part, reference, delivery, state, context)
    if (outcome === 'refused') continue
    if (outcome === 'unknown') {
      // The echo may have been faster than the answer that never came.
      const echo = await echoOf(reference, context)
      if (!echo)
        return { unconfirmed: { dueMs: calling.called_ms + context.pushSettings.sendEchoMs, reason: 'answer_lost' } }
      await arrived(echo.mid, null, echo.at_ms)
      continue
    }
    await arrived(outcome.mid, outcome.psid, outcome.requestedAtMs)
  }
  return { mids: state.sent.map(({ mid }) => mid) }

  async function call(
    part: SendPart,
    reference: string,
    { recipient, options, isThereAlready }: Delivery,
    before: SendState,
    { writes, signal }: OperationContext,
  ): Promise<{ mid: string; psid: string | null; requestedAtMs: number } | 'unknown' | 'refused'> {
    try {
      return await writes.send({ recipient, message: { ...part.message, metadata: reference }, ...options })
    } catch (error) {
      // Stopped in the middle: what is saved makes the next worker find out.
      if (signal.aborted || !(error instanceof AppError)) throw error
      if (mayHaveTakenEffect(error)) return 'unknown'
      if (before.resent && isThereAlready(error)) {
        state = await save(withPartSent(before, null))
        return 'refused'
      }
      state = await save({ ...before, calling: null })
      throw error
    }
  }
}

function beginCall(state: SendState, earlier: Calling | null, { clock }: OperationContext): Calling {
  const now = clock.now()
  return { part: state.sent.length, called_ms: now, first_called_ms: earlier?.first_called_ms ?? now, checks: 0 }
}
