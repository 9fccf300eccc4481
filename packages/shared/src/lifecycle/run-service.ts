import type { Logger } from '../logging/create-logger.ts'

/** What a service's `main.ts` starts: disposed in order when the process is asked to end. */
export interface RunningService extends AsyncDisposable {
  readonly name: string
}

export interface RunServiceOptions {
  readonly logger: Logger
  /** The process ends after this even if closing hangs. Default 10,000. */
  readonly closeWithinMs?: number
}

/**
 * Starts a service and keeps it until SIGTERM or SIGINT, then closes it. The exit code is 0 after a clean close, 1
 * when starting failed, closing took too long, or something threw outside every handler (a bug: the process ends so
 * that whoever supervises it starts a sound one).
 */
export async function runService(start: () => Promise<RunningService>, options: RunServiceOptions): Promise<void> {
  const { logger, closeWithinMs = 10_000 } = options
  let service: RunningService | undefined
  let closing = false

  const close = async (reason: string, exitCode: number): Promise<void> => {
    if (closing) return
    closing = true
    logger.info({ reason }, 'closing')
    setTimeout(() => {
      logger.fatal({ closeWithinMs }, 'closing took too long')
      process.exit(1)
    }, closeWithinMs).unref()
    try {
      await service?.[Symbol.asyncDispose]()
      logger.info('closed')
      endProcess(exitCode)
    } catch (err) {
      logger.error({ err }, 'closing failed')
      endProcess(1)
    }
  }

  process.on('SIGTERM', () => void close('SIGTERM', 0))
  process.on('SIGINT', () => void close('SIGINT', 0))
  process.on('uncaughtException', (err) => {
    logger.fatal({ err }, 'uncaught exception')
    void close('uncaught exception', 1)
  })
  try {
    service = await start()
  } catch (err) {
    logger.fatal({ err }, 'starting failed')
    endProcess(1)
  }
}

/** Lets the loop write what is buffered, then ends: something may still hold the loop open (a keep-alive socket). */
function endProcess(exitCode: number): void {
  process.exitCode = exitCode
  setTimeout(() => process.exit(exitCode), 50)
}
