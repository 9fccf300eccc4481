import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import {
  PAGE_EVENT_TYPES,
  type PageEvent,
  type PageEventType,
  pageEventSchema,
} from '@pagesync/shared/model/page-event.ts'
import { TypeCompiler } from '@sinclair/typebox/compiler'

const CHECKS = new Map(PAGE_EVENT_TYPES.map((type) => [type, TypeCompiler.Compile(pageEventSchema(type))]))

export type Decoded = { readonly event: PageEvent } | { readonly reason: string }

/** Reads a record of the page events topic. The gateway checked it before it wrote it; another writer may not have. */
export function decodePageEvent(record: StoredRecord): Decoded {
  let value: unknown
  try {
    value = JSON.parse(record.value.toString('utf8'))
  } catch {
    return { reason: 'The value is not JSON' }
  }
  const type = (value as { type?: unknown } | null)?.type
  const check = CHECKS.get(type as PageEventType)
  if (!check) return { reason: `The type ${JSON.stringify(type)?.slice(0, 100)} is not one of a page event` }
  if (check.Check(value)) return { event: value as PageEvent }
  const first = check.Errors(value).First()
  return { reason: `${first?.path ?? ''}: ${first?.message ?? 'does not fit the schema'}` }
}
