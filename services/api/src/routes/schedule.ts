import { isTimeZone } from '@pagesync/shared/automations/wall-clock.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { type CronTimes, cronProblem } from '@pagesync/shared/schedule/cron-times.ts'
import { type PageSchedule, pageSchedule } from '@pagesync/shared/schedule/page-schedule.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { nextSyncs } from '../next-scheduled.ts'
import { body, errors, IdParams, success } from '../route-shapes.ts'
import { nullable, rfc3339OrNull, Time } from '../views/shapes.ts'

const Pattern = (what: string, example: string) =>
  Type.String({
    maxLength: 100,
    description: `${what}: a cron pattern of five fields; null turns it off`,
    examples: [example],
  })
const Full = Pattern('Everything anew', '0 2 * * *')
const Incremental = Pattern('What is new since the last sync', '*/15 * * * *')
const Timezone = Type.String({ minLength: 1, maxLength: 64, description: 'IANA name', examples: ['Asia/Phnom_Penh'] })

const Schedule = Type.Object({
  full: nullable(Full),
  incremental: nullable(Incremental),
  timezone: Timezone,
  next_full_at: nullable(Time),
  next_incremental_at: nullable(Time),
})

const ScheduleBody = body(
  {
    full: Type.Optional(Type.Union([Full, Type.Null()])),
    incremental: Type.Optional(Type.Union([Incremental, Type.Null()])),
    timezone: Type.Optional(Type.Union([Timezone, Type.Null()])),
  },
  { minProperties: 1, examples: [{ full: '0 2 * * *', incremental: '*/15 * * * *', timezone: 'Asia/Phnom_Penh' }] },
)
type ScheduleBody = Static<typeof ScheduleBody>

const Answer = success({ schedule: Schedule })
const WHEN =
  'Each page has its own place within the hour after `full`, and within the time between two runs of `incremental`, so ' +
  'that pages with the same schedule do not run at once. A run that was missed is made up for once. While the page has to ' +
  'be connected again nothing runs.'

export const registerSchedule: RegisterRoutes = (api, { ownership, pages, timers, cronTimes, clock }) => {
  api.get(
    '/pages/:id/schedule',
    {
      config: { access: 'read' },
      schema: {
        tags: ['sync'],
        summary: 'Show when the page is synced by itself',
        description: WHEN,
        params: IdParams,
        response: { 200: Answer, ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.id)
      return { success: true as const, schedule: presentSchedule(page, cronTimes, clock.now()) }
    },
  )

  api.put(
    '/pages/:id/schedule',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['sync'],
        summary: 'Change when the page is synced by itself',
        description: `Members that are not named stay; without a time zone it is the page’s. ${WHEN}`,
        params: IdParams,
        body: ScheduleBody,
        response: {
          200: Answer,
          ...errors('admin', ['PAGE_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'WRITE_CONFLICT']),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const { id } = await ownership.page(caller, request.params.id)
      assertReadable(request.body)
      const page = await pages.update(caller.tenantId, id, (row) => {
        const schedule = withChanges(row.schedule ?? {}, request.body)
        return JSON.stringify(schedule) === JSON.stringify(row.schedule ?? {}) ? null : { ...row, schedule }
      })
      // Also where nothing changed: a request repeated after a failure in between does what was left.
      await timers.lookAgain(id, clock.now())
      return { success: true as const, schedule: presentSchedule(page, cronTimes, clock.now()) }
    },
  )
}

function presentSchedule(page: PageRow, times: CronTimes, nowMs: number): Static<typeof Schedule> {
  const { full, incremental } = nextSyncs(page, times, nowMs)
  return { ...pageSchedule(page), next_full_at: rfc3339OrNull(full), next_incremental_at: rfc3339OrNull(incremental) }
}

function withChanges(stored: Partial<PageSchedule>, { timezone, ...patterns }: ScheduleBody): Partial<PageSchedule> {
  const { timezone: before, ...rest } = stored
  const zone = timezone === undefined ? before : (timezone ?? undefined)
  return { ...rest, ...patterns, ...(zone === undefined ? {} : { timezone: zone }) }
}

/** @throws AppError VALIDATION_FAILED naming every member that cannot be read */
function assertReadable({ full, incremental, timezone }: ScheduleBody): void {
  const problems = [
    ...patternProblems('/full', full),
    ...patternProblems('/incremental', incremental),
    ...(typeof timezone === 'string' && !isTimeZone(timezone)
      ? [{ path: '/timezone', message: 'is no time zone that is known here' }]
      : []),
  ]
  const [first] = problems
  if (first) throw new AppError('VALIDATION_FAILED', `${first.path}: ${first.message}`, { problems })
}

function patternProblems(path: string, pattern: string | null | undefined): { path: string; message: string }[] {
  const message = typeof pattern === 'string' ? cronProblem(pattern) : null
  return message === null ? [] : [{ path, message }]
}
