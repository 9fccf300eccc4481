import { Readable } from 'node:stream'
import type { FaqBody } from '@pagesync/shared/automations/faq.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import { partProblems } from '@pagesync/shared/automations/rule-problems.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { compileValidator } from '@pagesync/shared/http/compile-validator.ts'
import type { ArgumentProblem } from '@pagesync/shared/model/command-arguments.ts'
import type { FaqRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type TSchema, Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest, FastifySchemaCompiler } from 'fastify'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { readJsonRows, refusedBody } from '../read-json-rows.ts'
import { body, errors, PageParams, success } from '../route-shapes.ts'
import { faqContent } from '../rule-contents.ts'
import { RULE_WRITE_ERRORS } from '../rule-edits.ts'

/** 10,000 FAQs of 1,600 characters each. */
const IMPORT_BYTES_MAX = 16 * 1024 * 1024
const PROBLEMS_MAX = 5
/** So many are written at once. */
const ROWS_AT_ONCE = 500

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

export const registerFaqImport: RegisterRoutes = (api, context) => {
  // In a scope of its own: nowhere else a body is read as it arrives.
  void api.register(async (scope) => {
    scope.removeContentTypeParser('application/json')
    scope.addContentTypeParser('application/json', (_request, body, done) => done(null, body))
    // A stream, until the route reads it and looks at each row.
    scope.setValidatorCompiler(((part) =>
      part.httpPart === 'body' ? (value) => ({ value }) : compileValidator(part)) as FastifySchemaCompiler<TSchema>)
    registerRoute(scope as typeof api, context)
  })
}

const registerRoute: RegisterRoutes = (api, context) => {
  api.post(
    '/pages/:pageId/faqs/bulk-import',
    {
      config: { access: 'automations' },
      bodyLimit: IMPORT_BYTES_MAX,
      schema: {
        tags: ['faqs'],
        summary: 'Add many FAQs at once',
        description:
          'At most 10,000, and 16 MiB; read as it arrives. A row that is not valid is told with its index, the others are ' +
          'added. A body that is refused, or that breaks off, adds nothing. It adds: the same request again makes the same ' +
          'FAQs again.',
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
    async (request, reply) => {
      const page = await context.ownership.page(callerOf(request), request.params.pageId)
      const body = bodyOf(request, reply)
      const { imported, refused } = await importInto(page, body, context).catch((error: unknown) => {
        // What still comes is read to its end, or until the time for a request is over: then the answer arrives.
        body.resume()
        throw body.destroyed && !(error instanceof AppError) ? refusedBody('/', 'broke off') : error
      })
      return {
        success: true as const,
        imported_count: imported,
        failed_count: refused.length,
        errors: refused.map(({ index, problems }) => ({ index, errors: [...problems] })),
      }
    },
  )
}

/** @throws AppError PAYLOAD_TOO_LARGE where its length is told; VALIDATION_FAILED where there is none */
function bodyOf({ body, headers }: FastifyRequest<{ Body: unknown }>, reply: FastifyReply): Readable {
  if (Number(headers['content-length'] ?? 0) > IMPORT_BYTES_MAX) {
    void reply.header('connection', 'close')
    throw new AppError('PAYLOAD_TOO_LARGE', 'The body is too large')
  }
  if (body instanceof Readable) return body
  throw refusedBody('/', 'must be an object')
}

interface RefusedRow {
  readonly index: number
  readonly problems: readonly ArgumentProblem[]
}

interface Imported {
  readonly imported: number
  readonly refused: readonly RefusedRow[]
}

/** Adds the rows as they come, so that few of them are in memory. What fails half way takes away again what was added. */
async function importInto(page: PageRow, body: Readable, { rules, clock }: ApiContext): Promise<Imported> {
  const of = { tenantId: page.tenant_id, pageId: page.id }
  const room = RULES_PER_PAGE.faqs - (await rules.faqs.count({ page_id: page.id }))
  const added: Pick<FaqRow, '_id'>[] = []
  const sorting = createSorting(room)
  const add = async (rows: readonly FaqBody[]): Promise<void> => {
    if (rows.length === 0) return
    const made = await rules.faqs.insert(of, rows.map(faqContent), clock.now())
    added.push(...made.map(({ _id }) => ({ _id })))
  }
  try {
    const chunks = body.iterator({ destroyOnReturn: false })
    for await (const rows of readJsonRows(chunks, { member: 'faqs', bytesMax: IMPORT_BYTES_MAX })) {
      for (const row of rows) sorting.see(row)
      if (sorting.waiting() >= ROWS_AT_ONCE) await add(sorting.take())
    }
    if (sorting.seen() === 0) throw refusedBody('/faqs', 'must have at least 1 items')
    await add(sorting.take())
  } catch (error) {
    await rules.faqs.remove(added)
    throw error
  }
  await rules.changed(page.id)
  return { imported: added.length, refused: sorting.refused }
}

/** Sorts rows by whether they can be added; those that can wait until they are taken. */
function createSorting(room: number) {
  const refused: RefusedRow[] = []
  let good: FaqBody[] = []
  let seen = 0
  return {
    refused,
    seen: () => seen,
    waiting: () => good.length,
    see(row: unknown): void {
      const index = seen++
      if (seen > RULES_PER_PAGE.faqs) throw refusedBody('/faqs', `must have at most ${RULES_PER_PAGE.faqs} items`)
      const problems = partProblems('faq', row).slice(0, PROBLEMS_MAX)
      if (problems.length > 0) refused.push({ index, problems })
      else if (index - refused.length >= room) refused.push({ index, problems: [NO_ROOM] })
      else good.push(row as FaqBody)
    },
    take(): readonly FaqBody[] {
      const taken = good
      good = []
      return taken
    },
  }
}

const NO_ROOM: ArgumentProblem = { path: '/', message: `a page has at most ${RULES_PER_PAGE.faqs} FAQs` }
