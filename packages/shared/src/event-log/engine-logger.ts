/** What an engine needs of a logger; pino's fits. */
export interface EngineLogger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const nothing = (): void => {}

export const silentLogger: EngineLogger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
