import type { EngineLogger } from './engine-logger.ts'
import type { SubscribeOptions } from './event-log.ts'

export type CompleteSubscribeOptions = Required<SubscribeOptions>

/** The options with the port's defaults; what `onProblem` throws stays its own affair. */
export function completeOptions(options: SubscribeOptions, logger: EngineLogger): CompleteSubscribeOptions {
  const { batchRecordsMax = 2000, batchesAtOnce = 2, stallAfterMs = 30_000 } = options
  return {
    ...options,
    batchRecordsMax,
    batchesAtOnce,
    stallAfterMs,
    onProblem(problem) {
      try {
        options.onProblem?.(problem)
      } catch (error) {
        logger.error({ err: error, topic: options.topic }, 'onProblem of a subscription threw')
      }
    },
  }
}
