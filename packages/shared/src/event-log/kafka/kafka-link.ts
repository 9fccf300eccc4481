import { AppError } from '../../errors/app-error.ts'
import type { EngineLogger } from '../engine-logger.ts'
import { settledWithin } from '../within.ts'
import { isMoving, protocolErrorType } from './kafka-errors.ts'

const CLOSE_MS = 3000

interface Connectable {
  connect(): Promise<void>
  disconnect(): Promise<void>
}

/**
 * A kafkajs producer or admin client that is connected when first used and made anew after it failed. kafkajs keeps a
 * connection whose requests time out, and its knowledge of who leads a partition, for minutes; a new client learns
 * both at once.
 */
export interface KafkaLink<T> {
  use<R>(action: (client: T) => Promise<R>): Promise<R>
  /** The next `use` gets a new client; the present one is closed when its requests are through. */
  renew(): void
  close(): Promise<void>
}

export function createKafkaLink<T extends Connectable>(create: () => T, logger: EngineLogger): KafkaLink<T> {
  let current: Promise<T> | undefined
  let isClosed = false

  async function open(): Promise<T> {
    const client = create()
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.disconnect().catch(() => {})
      throw error
    }
  }

  async function disconnect(opened: Promise<T>): Promise<void> {
    try {
      await (await opened).disconnect()
    } catch (error) {
      logger.debug({ err: error }, 'A Kafka client did not close cleanly')
    }
  }

  function discard(opened: Promise<T>): void {
    if (current !== opened) return
    current = undefined
    void disconnect(opened)
  }

  return {
    async use(action) {
      if (isClosed) throw new AppError('EVENT_LOG_UNAVAILABLE', 'The event log is closed')
      current ??= open()
      const mine = current
      try {
        return await action(await mine)
      } catch (error) {
        // What a broker refused says nothing against the connection, unless it knows no better what we ask it.
        if (protocolErrorType(error) === undefined || isMoving(error)) discard(mine)
        throw error
      }
    },
    renew() {
      if (current) discard(current)
    },
    async close() {
      isClosed = true
      const last = current
      current = undefined
      if (last) await settledWithin(disconnect(last), CLOSE_MS)
    },
  }
}
