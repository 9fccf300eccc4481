import type { DeadLetterRow } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { findCaller } from '../caller.ts'
import { createListing } from '../listing.ts'
import { replayDeadLetter } from '../replay-dead-letter.ts'
import { DeadLetterParams, errors, list, listQuery, success } from '../route-shapes.ts'
import { DeadLetter, presentDeadLetter, presentPayload } from '../views/dead-letter.ts'
import { named } from '../views/shapes.ts'

const Position = Type.Object({ _id: Type.String(), created_ms: Type.Integer() })
const readListing = createListing('dead letters', Position, ({ _id, created_ms }: DeadLetterRow) => ({
  _id,
  created_ms,
}))

const Filters = { state: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('replayed')])) }
const One = success({ dead_letter: named(DeadLetter) })
/** A letter may be of any page of the tenant, or of none; to the operator (no caller) it may be anybody's. */
const shown = { config: { access: 'admin-or-operator' as const, wholeTenant: true } }

export const registerDeadLetters: RegisterRoutes = (api, { deadLetters, ownership, eventLog, pages, clock }) => {
  api.get(
    '/dead-letters',
    {
      ...shown,
      schema: {
        tags: ['dead letters'],
        summary: 'List what was given up on',
        description:
          "The tenant's own, newest first. What belongs to nobody, such as the body of a webhook that cannot be read, " +
          'the operator sees alone. Without payloads.',
        querystring: Type.Omit(listQuery('newest', Filters), ['sort'], { additionalProperties: false }),
        response: { 200: list('dead_letters', DeadLetter), ...errors('admin-or-operator') },
      },
    },
    async (request) => {
      const caller = findCaller(request)
      const { state, ...query } = request.query
      const { rows, nextCursor } = await readListing(
        { ...query, sort: 'newest' },
        {
          fetch: (limit, after) => deadLetters.list(caller?.tenantId ?? null, limit, after),
          keep: state === undefined ? undefined : (row) => presentDeadLetter(row).state === state,
        },
      )
      return { success: true as const, dead_letters: rows.map(presentDeadLetter), next_cursor: nextCursor }
    },
  )

  api.get(
    '/dead-letters/:id',
    {
      ...shown,
      schema: {
        tags: ['dead letters'],
        summary: 'Show a dead letter with its payload',
        params: DeadLetterParams,
        response: { 200: One, ...errors('admin-or-operator', ['DEAD_LETTER_NOT_FOUND']) },
      },
    },
    async (request) => {
      const row = await ownership.deadLetter(findCaller(request), request.params.id)
      return { success: true as const, dead_letter: { ...presentDeadLetter(row), ...presentPayload(row) } }
    },
  )

  api.post(
    '/dead-letters/:id/replay',
    {
      config: { access: 'admin-or-operator', wholeTenant: true, optionalBody: true },
      schema: {
        tags: ['dead letters'],
        summary: 'Give a dead letter back to the topic that it came from',
        description:
          'As it was, with its key, headers and `ce_id`, beside the headers `pagesync_replay_of` and ' +
          '`pagesync_attempts`. Once: a second time only when it has failed again, and then it is the same dead letter. An event only while ' +
          'the tenant holds its page.',
        params: DeadLetterParams,
        body: Type.Object({}, { additionalProperties: false }),
        response: {
          200: One,
          ...errors('admin-or-operator', [
            'DEAD_LETTER_NOT_FOUND',
            'NOT_REPLAYABLE',
            'PAYLOAD_TOO_LARGE',
            'UNSUPPORTED_MEDIA_TYPE',
            'EVENT_LOG_UNAVAILABLE',
          ]),
        },
      },
    },
    async (request) => {
      const row = await ownership.deadLetter(findCaller(request), request.params.id)
      const replayed = await replayDeadLetter(row, { deadLetters, eventLog, pages, nowMs: clock.now() })
      return { success: true as const, dead_letter: presentDeadLetter(replayed) }
    },
  )

  api.delete(
    '/dead-letters/:id',
    {
      ...shown,
      schema: {
        tags: ['dead letters'],
        summary: 'Throw a dead letter away',
        params: DeadLetterParams,
        response: { 200: One, ...errors('admin-or-operator', ['DEAD_LETTER_NOT_FOUND']) },
      },
    },
    async (request) => {
      const row = await ownership.deadLetter(findCaller(request), request.params.id)
      await deadLetters.delete(row._id)
      return { success: true as const, dead_letter: presentDeadLetter(row) }
    },
  )
}
