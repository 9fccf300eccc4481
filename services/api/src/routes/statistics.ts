import type { Counts } from '@pagesync/shared/counting/counts.ts'
import { histogramIn, percentileSeconds } from '@pagesync/shared/counting/durations.ts'
import { PERSON_RESPONSES, RESPONSES, SERIES_SUMS, type SeriesSum } from '@pagesync/shared/counting/metrics.ts'
import { hoursOf, seriesOf } from '@pagesync/shared/counting/time-buckets.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf, mayUsePage } from '../caller.ts'
import { createListing } from '../listing.ts'
import { daysOf, pagesOf, readAltogether, readPages } from '../read-statistics.ts'
import { errors, idQuery, success } from '../route-shapes.ts'
import { seriesTime } from '../series-request.ts'
import { createSharedReads } from '../share-reads.ts'
import { Id, named, nullable, rfc3339, Time, wordOf } from '../views/shapes.ts'
import {
  type Counted,
  PageStatistics,
  presentPageStatistics,
  presentStatistics,
  rounded,
  Statistics,
} from '../views/statistics.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer() })
const readListing = createListing('statistics', Position, ({ _id, id }: PageRow) => ({ _id, id }))

/** Read off the histograms of waiting times. */
const PERCENTILES = {
  response_time_median_seconds: { prefix: RESPONSES, share: 0.5 },
  response_time_p90_seconds: { prefix: RESPONSES, share: 0.9 },
  person_response_time_median_seconds: { prefix: PERSON_RESPONSES, share: 0.5 },
  person_response_time_p90_seconds: { prefix: PERSON_RESPONSES, share: 0.9 },
} as const
type Percentile = keyof typeof PERCENTILES
type Metric = SeriesSum | Percentile
const METRICS = [...Object.keys(SERIES_SUMS), ...Object.keys(PERCENTILES)] as Metric[]

const describeMetrics = (): string =>
  [
    ...Object.entries(SERIES_SUMS).map(([name, text]) => `- \`${name}\`: ${text}`),
    "- `response_time_…`, `person_response_time_…`: how long customers waited for any answer, for a person's; null without one",
  ].join('\n')

const SeriesQuery = Type.Object(
  {
    metric: Type.Union(METRICS.map((name) => Type.Literal(name))),
    step: Type.Optional(Type.Union([Type.Literal('hour'), Type.Literal('day')], { default: 'day' })),
    from: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339; 24 hours or 30 days back by default' })),
    to: Type.Optional(Type.String({ maxLength: 40, description: 'RFC 3339; now by default' })),
    page_id: Type.Optional(Id),
  },
  { additionalProperties: false },
)

export const registerStatistics: RegisterRoutes = (api, context) => {
  const { pages, ownership, statistics, clock } = context
  const shared = createSharedReads<Counted>(clock)

  api.get(
    '/statistics',
    {
      config: { access: 'read' },
      schema: {
        tags: ['statistics'],
        summary: 'What was counted, per page and altogether',
        description:
          'Costs the same however many messages there are. `pages` is a list, by id. `statistics` are those of all pages ' +
          '(of a tenant with more than 20,000, of the oldest of them); where reading them takes long they are up to a ' +
          'minute old.',
        querystring: idQuery,
        response: {
          200: success({
            statistics: named(Statistics),
            pages: Type.Array(named(PageStatistics)),
            next_cursor: nullable(Type.String()),
          }),
          ...errors('read'),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const [altogether, { rows, nextCursor }] = await Promise.all([
        shared(JSON.stringify([caller.tenantId, caller.pageIds]), () => readAltogether(caller, context)),
        readListing(
          { ...request.query, sort: 'id' },
          {
            fetch: (limit, after) => pages.list(caller.tenantId, 'id', limit, after),
            keep: (row) => mayUsePage(caller, row.id),
          },
        ),
      ])
      const counted = await readPages(rows, context)
      return {
        success: true as const,
        statistics: presentStatistics(altogether),
        pages: rows.flatMap((row, i) => {
          const ofPage = counted[i]
          return ofPage ? [presentPageStatistics(row, ofPage)] : []
        }),
        next_cursor: nextCursor,
      }
    },
  )

  api.get(
    '/statistics/series',
    {
      config: { access: 'read' },
      schema: {
        tags: ['statistics'],
        summary: 'One number by the hour or the day, for charts',
        description: `Hours and days are UTC; every step is there, also without anything in it. By the hour at most 31 days, by the day 400: so long they are kept.\n\n${describeMetrics()}`,
        querystring: SeriesQuery,
        response: {
          200: success({
            metric: wordOf(METRICS),
            step: wordOf(['hour', 'day']),
            timezone: Type.String({ examples: ['UTC'] }),
            from: Time,
            to: Time,
            points: Type.Array(
              Type.Object({
                at: Type.String({ format: 'date-time', description: 'When the step begins' }),
                value: nullable(Type.Number()),
              }),
            ),
          }),
          ...errors('read', ['PAGE_NOT_FOUND']),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const { metric, step = 'day', page_id: pageId } = request.query
      const page = pageId === undefined ? undefined : await ownership.page(caller, pageId)
      const some = page ? [page] : caller.pageIds === null ? [] : await pagesOf(caller, pages)
      const ids = some.map(({ id }) => id)
      const time = seriesTime({ ...request.query, step }, Math.max(1, ids.length), clock.now())
      const days = page
        ? ((await statistics.daysOfPages(ids, time.fromMs, time.toMs)).get(page.id) ?? [])
        : await daysOf(caller, ids, statistics, time.fromMs, time.toMs)
      return {
        success: true as const,
        metric,
        step,
        timezone: 'UTC',
        from: rfc3339(time.fromMs),
        to: rfc3339(time.toMs),
        points: seriesOf(hoursOf(days), time).map(({ atMs, counts }) => ({
          at: rfc3339(atMs),
          value: pointOf(metric, counts),
        })),
      }
    },
  )
}

function pointOf(metric: Metric, counts: Counts): number | null {
  if (metric in SERIES_SUMS) return counts[metric] ?? 0
  const { prefix, share } = PERCENTILES[metric as Percentile]
  return rounded(percentileSeconds(histogramIn(counts, prefix), share))
}
