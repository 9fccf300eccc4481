import { partProblems, type RulePart } from '@pagesync/shared/automations/rule-problems.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import type { ArgumentProblem } from '@pagesync/shared/model/command-arguments.ts'
import type { RuleRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { RuleCollection, RuleContent, RulesOf } from '@pagesync/shared/store/repositories/rule-collection.ts'
import type { RuleCount } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { Type } from '@sinclair/typebox'
import type { ApiContext } from './api-context.ts'
import { createListing, type ListRequest } from './listing.ts'
import { assertNoProblems, assertRoomFor, withChanges } from './rule-edits.ts'

/** What tells keywords, instant replies and FAQs apart, where all that is done with them is alike. */
export interface PartKind<Row extends RuleRow, Body extends object, View> {
  readonly part: RulePart
  readonly collection: RuleCollection<Row>
  /** Of a page, and what they are called where there are too many. */
  readonly max: number
  readonly plural: string
  readonly notFound: ErrorCode
  readonly bodyOf: (row: Row) => Body
  readonly contentOf: (body: Body) => Omit<RuleContent<Row>, 'automation_id'>
  readonly present: (row: Row, count?: RuleCount) => View
  /** What is wrong with it beside the page's others; `id` null: it is new. */
  readonly misfits?: (pageId: number, body: Body, id: number | null) => Promise<readonly ArgumentProblem[]>
}

type Sort = 'newest' | 'id'
type Query = Partial<ListRequest> & { readonly sort?: Sort }

const Position = Type.Object({ _id: Type.String(), id: Type.Integer() })

/** Lists of rules are by their ids; a cursor is of the list with this name alone. */
export const createRuleListing = <Row extends RuleRow>(name: string) =>
  createListing(name, Position, ({ _id, id }: Row) => ({ _id, id }))

/** What callers do with one kind of parts of a page's rules. Whose they are has been checked. */
export function createRuleParts<Row extends RuleRow, Body extends object, View>(
  kind: PartKind<Row, Body, View>,
  { rules, ruleCounts, clock }: Pick<ApiContext, 'rules' | 'ruleCounts' | 'clock'>,
) {
  const { part, collection, contentOf, present } = kind
  const countsOf = (pageId: number, rows: readonly Row[]) =>
    ruleCounts.of(
      pageId,
      part,
      rows.map(({ id }) => id),
    )
  const show = async (row: Row): Promise<View> => present(row, (await countsOf(row.page_id, [row])).get(row.id))

  return {
    show,
    async list(
      pageId: number,
      of: RulesOf,
      { sort = 'newest', ...query }: Query,
      readListing: ReturnType<typeof createRuleListing<Row>>,
      keep?: (row: Row) => boolean,
    ): Promise<{ readonly shown: View[]; readonly nextCursor: string | null }> {
      const fetch = (limit: number, after: { _id: string; id: number } | undefined) =>
        collection.list(of, sort, limit, after)
      const { rows, nextCursor } = await readListing({ ...query, sort }, { fetch, keep })
      const counts = await countsOf(pageId, rows)
      return { shown: rows.map((row) => present(row, counts.get(row.id))), nextCursor }
    },
    /** @throws AppError VALIDATION_FAILED */
    async add(
      page: { readonly tenantId: string; readonly pageId: number },
      body: Body,
      more: object = {},
    ): Promise<View> {
      assertNoProblems(partProblems(part, body))
      assertNoProblems((await kind.misfits?.(page.pageId, body, null)) ?? [])
      assertRoomFor(await collection.count({ page_id: page.pageId }), 1, kind.max, kind.plural)
      const content = { ...contentOf(body), ...more } as RuleContent<Row>
      const [made] = await collection.insert(page, [content], clock.now())
      await rules.changed(page.pageId)
      return present(made as Row)
    },
    /** @throws AppError VALIDATION_FAILED; `notFound` where it was removed meanwhile */
    async change(row: Row, given: Readonly<Record<string, unknown>>): Promise<View> {
      const wanted = withChanges(kind.bodyOf(row), given)
      assertNoProblems(partProblems(part, wanted))
      assertNoProblems((await kind.misfits?.(row.page_id, wanted as Body, row.id)) ?? [])
      const changed = await collection.update(
        row,
        (current) => {
          const body = withChanges(kind.bodyOf(current), given)
          assertNoProblems(partProblems(part, body))
          return { ...current, ...contentOf(body as Body) }
        },
        clock.now(),
      )
      if (!changed) throw new AppError(kind.notFound, `It was removed meanwhile: ${row.id}`)
      await rules.changed(changed.page_id)
      return show(changed)
    },
    /** Answers it as it was. */
    async remove(row: Row): Promise<View> {
      const shown = await show(row)
      await collection.remove([row])
      await rules.changed(row.page_id)
      await ruleCounts.remove(row.page_id, part, [row.id])
      return shown
    },
  }
}
