import { AppError } from '../../errors/app-error.ts'

interface KafkaFailure {
  readonly name?: string
  /** The protocol's error name, e.g. UNKNOWN_TOPIC_OR_PARTITION. */
  readonly type?: string
  readonly cause?: unknown
  readonly errors?: readonly unknown[]
}

/** Our words for a refusal that no repetition helps. */
const REFUSALS: Record<string, (topic: string) => AppError> = {
  UNKNOWN_TOPIC_OR_PARTITION: (topic) =>
    new AppError('ENGINE_UNSUITABLE', `Kafka has no topic "${topic}": it must be made with ensureTopics first`),
  INVALID_TOPIC_EXCEPTION: (topic) =>
    new AppError('ENGINE_UNSUITABLE', `"${topic}" cannot be a topic's name in Kafka (letters, digits, ".", "_", "-")`),
  TOPIC_AUTHORIZATION_FAILED: (topic) =>
    new AppError('ENGINE_UNSUITABLE', `Kafka does not let us use the topic "${topic}"`),
  GROUP_AUTHORIZATION_FAILED: (topic) =>
    new AppError('ENGINE_UNSUITABLE', `Kafka does not let us read "${topic}" with this consumer group`),
  CLUSTER_AUTHORIZATION_FAILED: () => new AppError('ENGINE_UNSUITABLE', 'Kafka does not let us do this'),
  MESSAGE_TOO_LARGE: (topic) =>
    new AppError('PAYLOAD_TOO_LARGE', `Kafka's limit for "${topic}" (max.message.bytes) is below ours`),
  RECORD_LIST_TOO_LARGE: (topic) =>
    new AppError('PAYLOAD_TOO_LARGE', `Kafka's segment size for "${topic}" is below our batch`),
}

/** The protocol's name of what went wrong, wherever kafkajs put it; undefined when no broker said anything. */
export function protocolErrorType(thrown: unknown): string | undefined {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; depth++) {
    const failure: KafkaFailure = error
    if (typeof failure.type === 'string') return failure.type
    error = failure.errors?.[0] ?? failure.cause
  }
  return undefined
}

/** A broker said that another one is responsible, or none just now: it passes, and asking again finds out which. */
export function isMoving(thrown: unknown): boolean {
  const type = protocolErrorType(thrown) ?? ''
  return /NOT_LEADER|LEADER_NOT_AVAILABLE|LEADER_EPOCH|NOT_CONTROLLER|COORDINATOR/.test(type)
}

/**
 * What kafkajs threw as an AppError. A refusal that stays (no such topic, too large) is told apart; all else means
 * that the log cannot be used now: EVENT_LOG_UNAVAILABLE.
 */
export function fromKafka(thrown: unknown, topic = ''): AppError {
  if (thrown instanceof AppError) return thrown
  const type = protocolErrorType(thrown)
  const refusal = type === undefined ? undefined : REFUSALS[type]?.(topic)
  if (refusal) return new AppError(refusal.code, refusal.message, { cause: thrown })
  return new AppError('EVENT_LOG_UNAVAILABLE', 'Kafka does not answer', { cause: thrown })
}
