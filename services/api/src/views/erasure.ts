import { TOPICS_KEEP_MS } from '@pagesync/shared/model/topics.ts'
import type { ErasureRow } from '@pagesync/shared/store/repositories/privacy-rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

export const Erasure = Type.Object(
  {
    id: Type.String({ examples: ['contact-1024'] }),
    kind: wordOf(['contact', 'page', 'tenant']),
    state: wordOf(
      ['pending', 'erased', 'finished'],
      'erased: nothing is there any more; finished: what was being written at that moment is looked for once more, too',
    ),
    removed: Type.Record(Type.String(), Type.Integer(), {
      description: 'How many rows were removed or emptied, by kind',
    }),
    requested_at: Time,
    erased_at: nullable(Time),
    finished_at: nullable(Time),
    topics_until: nullable(Time),
  },
  {
    $id: 'Erasure',
    description: 'An erasure and how far it is. `topics_until`: by then the topics have forgotten, too',
  },
)
export type Erasure = Static<typeof Erasure>

export function presentErasure(row: ErasureRow): Erasure {
  const { erased_ms, finished_ms, requested_ms } = row
  return {
    id: row._id,
    kind: row.kind,
    state: finished_ms !== null ? 'finished' : erased_ms !== null ? 'erased' : 'pending',
    removed: { ...row.removed },
    requested_at: rfc3339(requested_ms),
    erased_at: rfc3339OrNull(erased_ms),
    finished_at: rfc3339OrNull(finished_ms),
    topics_until: erased_ms === null ? null : rfc3339(erased_ms + TOPICS_KEEP_MS),
  }
}
