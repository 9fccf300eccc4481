import { Type } from '@sinclair/typebox'

/** Text that must not be shown: `docs/configuration.md` and errors leave its value out. */
export const Secret = (options: {
  description: string
  minLength?: number
  pattern?: string
  default?: string
  /** What is wrong with a value, in words that follow the variable's name and hold nothing of it. */
  check?: (value: string) => readonly string[]
}) => Type.String({ maxLength: 4096, ...options, secret: true })

export const Port = (fallback: number, description: string) =>
  Type.Integer({ minimum: 0, maximum: 65_535, default: fallback, description })
