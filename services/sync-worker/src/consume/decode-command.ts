import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { Command } from '@pagesync/shared/model/command.ts'
import { TypeCompiler } from '@sinclair/typebox/compiler'

const CHECK = TypeCompiler.Compile(Command)

export type DecodedCommand =
  | { readonly command: Command; readonly notBeforeMs: number | null; readonly expiresMs: number | null }
  | { readonly reason: string }

/** Reads a record of the command topic: anybody may have written it, so it is trusted no more than a request. */
export function decodeCommand(record: StoredRecord): DecodedCommand {
  let value: unknown
  try {
    value = JSON.parse(record.value.toString('utf8'))
  } catch {
    return { reason: 'The value is not JSON' }
  }
  if (!CHECK.Check(value)) {
    const first = CHECK.Errors(value).First()
    return { reason: `${first?.path || '/'}: ${first?.message ?? 'does not fit the schema'}` }
  }
  const notBeforeMs = timeMs(value.not_before)
  const expiresMs = timeMs(value.expires_at)
  if (Number.isNaN(notBeforeMs)) return { reason: '/not_before: is no RFC 3339 time' }
  if (Number.isNaN(expiresMs)) return { reason: '/expires_at: is no RFC 3339 time' }
  return { command: value as Command, notBeforeMs, expiresMs }
}

function timeMs(time: string | null | undefined): number | null {
  return time === null || time === undefined ? null : Date.parse(time)
}
