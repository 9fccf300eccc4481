import { TOPICS_KEEP_MS } from '@pagesync/shared/model/topics.ts'
import type { DeletionRequestRow, ErasureRow } from '@pagesync/shared/store/repositories/privacy-rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

export const Deletion = Type.Object(
  {
    confirmation_code: Type.String(),
    state: wordOf(['pending', 'finished']),
    requested_at: Time,
    finished_at: nullable(Time),
    accounts_erased: Type.Integer({ description: 'Accounts that the person had connected' }),
    conversations_erased: Type.Integer({ description: 'Pages at which everything about the person was erased' }),
    conversations_pending: Type.Integer(),
    contacts_unknown: Type.Boolean({
      description:
        "Facebook did not say by which ids its pages know the person, so messages to pages stay: ask the page's owner",
    }),
    topics_until: nullable(Time),
  },
  {
    $id: 'Deletion',
    description:
      "What became of a person's wish to be deleted. `topics_until`: by then the logs of events have forgotten, too",
  },
)
export type Deletion = Static<typeof Deletion>

export function presentDeletion(row: DeletionRequestRow, erasures: readonly ErasureRow[]): Deletion {
  const erased = erasures.filter(({ erased_ms }) => erased_ms !== null)
  const pending = erasures.length - erased.length
  const isDone = row.finished_ms !== null && pending === 0
  const endMs = Math.max(row.finished_ms ?? 0, ...erased.map(({ erased_ms }) => erased_ms ?? 0))
  return {
    confirmation_code: row._id,
    state: isDone ? 'finished' : 'pending',
    requested_at: rfc3339(row.requested_ms),
    finished_at: rfc3339OrNull(isDone ? endMs : null),
    accounts_erased: row.accounts,
    conversations_erased: erased.length,
    conversations_pending: pending,
    contacts_unknown: row.finished_ms !== null && row.problem !== null,
    topics_until: rfc3339OrNull(isDone ? endMs + TOPICS_KEEP_MS : null),
  }
}

/** The same for people, a line each. */
export function deletionLines(deletion: Deletion): string[] {
  const day = (time: string | null): string => time?.slice(0, 10) ?? ''
  return [
    `Confirmation code: ${deletion.confirmation_code}`,
    `Asked for on ${day(deletion.requested_at)}. ${deletion.state === 'finished' ? `Done on ${day(deletion.finished_at)}.` : 'It is being carried out.'}`,
    `Connected accounts erased: ${deletion.accounts_erased}.`,
    `Pages at which your messages and everything else about you were erased: ${deletion.conversations_erased}; still to come: ${deletion.conversations_pending}.`,
    ...(deletion.contacts_unknown
      ? [
          'Facebook did not tell us by which ids pages know you. To have messages to a page erased, ask whoever owns the page.',
        ]
      : []),
    ...(deletion.topics_until === null
      ? []
      : [`Logs of events still hold copies. They are forgotten by ${day(deletion.topics_until)}.`]),
  ]
}
