import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { CallGuard } from '@pagesync/shared/graph/page-calls.ts'
import type { OperationContext } from '../commands/operation.ts'

/** Longer than a timer can be set. */
const SLEEP_MS_MAX = 86_400_000

/**
 * Does something with a guard that lets a call be made only while the command has not expired: waiting for the page's
 * budget ends then as well.
 *
 * @throws AppError COMMAND_EXPIRED; what `action` throws
 */
export async function untilExpired<T>(
  { command, clock }: Pick<OperationContext, 'command' | 'clock'>,
  action: (guard: CallGuard) => Promise<T>,
): Promise<T> {
  const expired = new AbortController()
  const done = new AbortController()
  const leftMs = (): number => command.expires_ms - clock.now()
  const watch = async (): Promise<void> => {
    for (let ms = leftMs(); ms > 0; ms = leftMs()) await clock.sleep(Math.min(ms, SLEEP_MS_MAX), done.signal)
    expired.abort(new AppError('COMMAND_EXPIRED', 'The command expired before Facebook could be called'))
  }
  // It rejects only where the action was done before.
  watch().catch(() => undefined)
  try {
    return await action({ until: expired.signal, begin: () => expired.signal.throwIfAborted() })
  } finally {
    done.abort()
  }
}
