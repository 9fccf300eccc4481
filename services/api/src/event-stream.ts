import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { type Caller, mayUsePage } from './caller.ts'

/** Where a stream stands: the offset at which it goes on, of each partition. */
export type Positions = Map<number, number>

/** What the event stream writes to; Node's own response is one. */
export interface EventSink {
  write(text: string): void
  /** Bytes that the other side has not taken yet. */
  waitingBytes(): number
  end(): void
}

export interface EventStream {
  readonly positions: Positions
  /** In order per partition; what was given already is passed over. */
  give(records: readonly StoredRecord[]): void
  /** Keeps the connection open, and tells where the stream stands. */
  beat(): void
}

/** Whoever leaves so much lying is disconnected: it comes back and goes on where it was. */
const WAITING_BYTES_MAX = 4_000_000

/** Writes the changes that this caller may see as Server-Sent Events. Each has the stream's positions as its id. */
export function createEventStream(caller: Caller, positions: Positions, sink: EventSink): EventStream {
  const isNew = ({ partition, offset }: StoredRecord): boolean => offset >= (positions.get(partition) ?? 0)
  return {
    positions,
    give(records) {
      let text = ''
      for (const record of records) {
        if (!isNew(record)) continue
        positions.set(record.partition, record.offset + 1)
        const change = changeFor(caller, record)
        if (change)
          text += `id: ${formatPositions(positions)}\nevent: ${change.type}\ndata: ${JSON.stringify(change)}\n\n`
      }
      if (text === '') return
      sink.write(text)
      if (sink.waitingBytes() > WAITING_BYTES_MAX) sink.end()
    },
    beat: () => sink.write(`id: ${formatPositions(positions)}\n: still here\n\n`),
  }
}

/** Null for what is another tenant's, or of a page that the key is not for. */
function changeFor(caller: Caller, { value }: StoredRecord): Change | null {
  try {
    const change = JSON.parse(value.toString('utf8')) as Change
    return change.tenant_id === caller.tenantId && mayUsePage(caller, change.page_id) ? change : null
  } catch {
    // Another writer's: nothing that a caller could use.
    return null
  }
}

export const POSITIONS_PATTERN = '^[0-9]{1,4}:[0-9]{1,15}(,[0-9]{1,4}:[0-9]{1,15}){0,999}$'

export function formatPositions(positions: Positions): string {
  return [...positions].map(([partition, offset]) => `${partition}:${offset}`).join(',')
}

/** @param text that fits POSITIONS_PATTERN */
export function parsePositions(text: string): Positions {
  return new Map(text.split(',').map((pair) => pair.split(':').map(Number) as [number, number]))
}
