import type { FaqBody } from '@pagesync/shared/automations/faq.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import { partProblems } from '@pagesync/shared/automations/rule-problems.ts'
import type { ArgumentProblem } from '@pagesync/shared/model/command-arguments.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { body, errors, PageParams, success } from '../route-shapes.ts'
import { faqContent } from '../rule-contents.ts'
import { RULE_WRITE_ERRORS } from '../rule-edits.ts'

/** 10,000 FAQs of 1,600 characters each. */
const IMPORT_BYTES_MAX = 16 * 1024 * 1024
const PROBLEMS_MAX = 5
/** Between so many rows others get their turn. */
const CHECKED_AT_ONCE = 500

const ImportBody = body(
  {
    faqs: Type.Array(Type.Unknown(), {
      minItems: 1,
      maxItems: RULES_PER_PAGE.faqs,
      description: 'Each as `POST /pages/:pageId/faqs` takes it',
    }),
  },
  { examples: [{ faqs: [{ question: 'Do you ship abroad?', answer: 'Yes.' }] }] },
)
const Problem = Type.Object({ path: Type.String(), message: Type.String() })
const Refused = Type.Object({ index: Type.Integer({ minimum: 0 }), errors: Type.Array(Problem) })

export const registerFaqImport: RegisterRoutes = (api, { ownership, rules, clock }) => {
  api.post(
    '/pages/:pageId/faqs/bulk-import',
    {
      config: { access: 'automations' },
      bodyLimit: IMPORT_BYTES_MAX,
      schema: {
        tags: ['faqs'],
        summary: 'Add many FAQs at once',
        description:
          'At most 10,000, and 16 MiB. A row that is not valid is told with its index, the others are added. It adds: ' +
          'the same request again makes the same FAQs again.',
        params: PageParams,
        body: ImportBody,
        response: {
          200: success({
            imported_count: Type.Integer({ minimum: 0 }),
            failed_count: Type.Integer({ minimum: 0 }),
            errors: Type.Array(Refused),
          }),
          ...errors('automations', ['PAGE_NOT_FOUND', ...RULE_WRITE_ERRORS]),
        },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const room = RULES_PER_PAGE.faqs - (await rules.faqs.count({ page_id: page.id }))
      const { good, refused } = await sortOut(request.body.faqs, room)
      const of = { tenantId: page.tenant_id, pageId: page.id }
      if (good.length > 0) await rules.faqs.insert(of, good.map(faqContent), clock.now())
      await rules.changed(page.id)
      return {
        success: true as const,
        imported_count: good.length,
        failed_count: refused.length,
        errors: refused.map(({ index, problems }) => ({ index, errors: [...problems] })),
      }
    },
  )
}

interface RefusedRow {
  readonly index: number
  readonly problems: readonly ArgumentProblem[]
}

async function sortOut(rows: readonly unknown[], room: number) {
  const good: FaqBody[] = []
  const refused: RefusedRow[] = []
  for (const [index, row] of rows.entries()) {
    if (index % CHECKED_AT_ONCE === CHECKED_AT_ONCE - 1) await new Promise(setImmediate)
    const problems = partProblems('faq', row).slice(0, PROBLEMS_MAX)
    if (problems.length > 0) refused.push({ index, problems })
    else if (good.length >= room) refused.push({ index, problems: [NO_ROOM] })
    else good.push(row as FaqBody)
  }
  return { good, refused }
}

const NO_ROOM: ArgumentProblem = { path: '/', message: `a page has at most ${RULES_PER_PAGE.faqs} FAQs` }
