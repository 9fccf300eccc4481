import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions, transport } from 'pino'

export type { Logger } from 'pino'

export interface LoggerOptions {
  readonly service: string
  readonly level?: string
  /** File descriptor: 1 is standard output, 2 standard error. Default 1. */
  readonly fd?: 1 | 2
}

/** Members that never reach a log, at any of the places where our log fields hold them. */
const REDACTED = [
  'access_token',
  'accessToken',
  'user_token',
  'fb_exchange_token',
  'input_token',
  'client_secret',
  'TOKEN_KEYS',
  'sealed',
  'cookie',
  'token',
  'authorization',
  'api_key',
  'app_secret',
  'appsecret_proof',
  'signature',
  'text',
  'message_text',
  'raw',
].flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

/** JSON lines; pretty only on a terminal. Messages are constant and in the past tense, data stands in fields, an error under `err`. */
export function createLogger(options: LoggerOptions): Logger {
  const fd = options.fd ?? 1
  const pretty = fd === 1 ? process.stdout.isTTY : process.stderr.isTTY
  const stream: DestinationStream = pretty
    ? transport({
        target: 'pino-pretty',
        options: { destination: fd, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' },
      })
    : destination({ dest: fd, sync: false })
  return pino(
    {
      level: options.level ?? 'info',
      base: { service: options.service },
      timestamp: stdTimeFunctions.isoTime,
      redact: { paths: REDACTED, censor: '[redacted]' },
    },
    stream,
  )
}
