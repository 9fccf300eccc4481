import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { sendKey } from '@pagesync/shared/model/send-reference.ts'
import type { SendEchoRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext, Unconfirmed } from '../commands/operation.ts'
import type { Delivery } from './deliver-parts.ts'
import { findSentMessage } from './find-sent-message.ts'
import type { Calling, SendPart, SendState } from './send-state.ts'

const HOUR_MS = 3_600_000
/** Then it is given up: whether it arrived was not to be found out. */
const GIVEN_UP_AFTER_MS = 24 * HOUR_MS
const CHECK_AGAIN = { firstMs: 60_000, maxMs: 2 * HOUR_MS }

export interface OpenCall {
  readonly part: SendPart
  readonly reference: string
  readonly calling: Calling
  readonly state: SendState
  readonly delivery: Pick<Delivery, 'recipient'>
}

export type Settled =
  | { readonly mid: string; readonly atMs: number }
  /** It did not arrive: it may be sent once more. */
  | { readonly resend: true }
  | (Unconfirmed & { readonly calling: Calling })

export function echoOf(reference: string, { echoes, command }: OperationContext): Promise<SendEchoRow | undefined> {
  return echoes.get(sendKey(command.tenant_id, reference))
}

/**
 * What became of a call whose answer nobody has: our echo tells; without one Facebook is asked after a while. Only
 * what is certainly not there is sent again, and only once. All else stays open and is asked again, ever more rarely.
 *
 * @throws AppError SEND_UNCONFIRMED a day after the first call
 */
export async function settleCalling(open: OpenCall, context: OperationContext): Promise<Settled> {
  const { calling, state, reference } = open
  const { clock, pushSettings } = context
  const echo = await echoOf(reference, context)
  if (echo) return { mid: echo.mid, atMs: echo.at_ms }
  const now = clock.now()
  if (now >= calling.first_called_ms + GIVEN_UP_AFTER_MS)
    throw new AppError('SEND_UNCONFIRMED', 'Whether the message arrived could not be found out within 24 hours')
  const echoDueMs = calling.called_ms + pushSettings.sendEchoMs
  if (now < echoDueMs) return { calling, unconfirmed: { dueMs: echoDueMs, reason: 'waiting_for_echo' } }

  const found = await findSentMessage(open, context)
  if (typeof found !== 'string') return found
  if (found === 'absent' && !state.resent) return { resend: true }
  const pauseMs = Math.min(CHECK_AGAIN.maxMs, CHECK_AGAIN.firstMs * 2 ** calling.checks)
  const dueMs = Math.min(now + pauseMs, calling.first_called_ms + GIVEN_UP_AFTER_MS)
  return { calling: { ...calling, checks: calling.checks + 1 }, unconfirmed: { dueMs, reason: found } }
}
