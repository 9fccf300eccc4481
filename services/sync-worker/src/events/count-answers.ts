import type { Counting } from '@pagesync/shared/counting/counting.ts'
import { bucketOf } from '@pagesync/shared/counting/durations.ts'
import { PERSON_RESPONSES, RESPONSES } from '@pagesync/shared/counting/metrics.ts'
import type { PageOfTenant } from '@pagesync/shared/counting/row-counts.ts'
import type { Answer } from '@pagesync/shared/model/response-times.ts'

export interface Answered {
  readonly page: PageOfTenant
  readonly answers: readonly Answer[]
}

/** Notes how long customers waited, in the hour of the answer. */
export function countAnswers(all: Iterable<Answered>, counting: Pick<Counting, 'count'>): void {
  for (const { page, answers } of all)
    for (const { waitedMs, atMs, to } of answers)
      counting.count(page, `${to === 'person' ? PERSON_RESPONSES : RESPONSES}${bucketOf(waitedMs)}`, 1, { atMs })
}
