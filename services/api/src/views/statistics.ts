import type { Counts } from '@pagesync/shared/counting/counts.ts'
import { histogramIn, percentileSeconds, sizeOfHistogram } from '@pagesync/shared/counting/durations.ts'
import { PERSON_RESPONSES, RESPONSES } from '@pagesync/shared/counting/metrics.ts'
import type { PageLeaseRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { PageStatus } from './page.ts'
import { Id, named, nullable, rfc3339OrNull, Time } from './shapes.ts'
import { SyncFrequency, syncFrequency, type Windows } from './sync-frequency.ts'

const Told = Type.Object({ webhook: Type.Integer(), sync: Type.Integer() })
const Happened = Type.Object({ total: Type.Integer(), last_24h: Type.Integer() })
const Responses = Type.Object({
  answers: Type.Integer(),
  median_seconds: nullable(Type.Number()),
  p90_seconds: nullable(Type.Number()),
})

export const Statistics = Type.Object(
  {
    conversations: Type.Object({ total: Type.Integer(), by_source: Told }),
    contacts: Type.Object({ total: Type.Integer(), by_source: Told }),
    messages: Type.Object({
      total: Type.Integer(),
      by_source: Type.Object(
        { webhook: Type.Integer(), echo: Type.Integer(), sync: Type.Integer(), send: Type.Integer() },
        {
          description:
            'By what told of a message first. `echo`: a message of the page that an echo told of: written elsewhere, or sent from here where the echo was faster than the answer',
        },
      ),
    }),
    last_sync: nullable(Time),
    sync_frequency: SyncFrequency,
    graph: Type.Object({
      calls: Happened,
      budget: nullable(
        Type.Object(
          {
            usage_percent: Type.Number({ description: "What Facebook said is used of the page's limits, at most" }),
            paused_until: nullable(Time),
          },
          { description: 'As the last worker that called Facebook for the page left it. Of all pages: the fullest' },
        ),
      ),
    }),
    webhook_events: Happened,
    automation_triggers: Happened,
    replies_sent: Type.Object({ total: Type.Integer(), automatic: Type.Integer(), last_24h: Type.Integer() }),
    response_time: Type.Object(
      { ...Responses.properties, by_people: Responses },
      {
        description:
          "Of answers in the last 7 days: from a customer's first unanswered message to the first reply (`by_people`: to a person's), by the messages' own times; within 9 %. Only messages that webhooks told",
      },
    ),
  },
  {
    $id: 'Statistics',
    description:
      'Totals of conversations, contacts, messages and automation triggers are exact, up to a second old, and within a minute after a crash; all else (calls, syncs, replies sent, webhook events, what happened within a time) may lack what was counted in the half second before a crash, or repeat webhook events that are handled again. Windows are whole hours, UTC',
  },
)
export type Statistics = Static<typeof Statistics>

export const PageStatistics = Type.Object(
  {
    page: Type.Object({ id: Id, name: nullable(Type.String()), status: PageStatus }),
    statistics: named(Statistics),
  },
  { $id: 'PageStatistics', description: 'What was counted of one page' },
)

export interface Counted {
  readonly totals: Counts
  readonly windows: Windows
  readonly lastSyncedMs: number | null
  readonly leases: readonly PageLeaseRow[]
}

export function presentStatistics({ totals, windows, lastSyncedMs, leases }: Counted): Statistics {
  const total = (name: string): number => Math.max(0, totals[name] ?? 0)
  const happened = (name: string) => ({ total: total(name), last_24h: windows.day[name] ?? 0 })
  const told = (name: string) => ({
    total: total(name),
    by_source: { webhook: total(`${name}_webhook`), sync: total(`${name}_sync`) },
  })
  return {
    conversations: told('conversations'),
    contacts: told('contacts'),
    messages: {
      total: total('messages'),
      by_source: {
        webhook: total('messages_webhook'),
        echo: total('messages_echo'),
        sync: total('messages_sync'),
        send: total('messages_send'),
      },
    },
    last_sync: rfc3339OrNull(lastSyncedMs),
    sync_frequency: syncFrequency(windows),
    graph: { calls: happened('graph_calls'), budget: budgetOf(leases) },
    webhook_events: happened('webhook_events'),
    automation_triggers: happened('automation_triggers'),
    replies_sent: { ...happened('replies_sent'), automatic: total('automatic_replies') },
    response_time: { ...responses(windows.week, RESPONSES), by_people: responses(windows.week, PERSON_RESPONSES) },
  }
}

export function presentPageStatistics({ id, name, status }: PageRow, counted: Counted): Static<typeof PageStatistics> {
  return { page: { id, name, status }, statistics: presentStatistics(counted) }
}

function responses(counts: Counts, prefix: string): Static<typeof Responses> {
  const histogram = histogramIn(counts, prefix)
  return {
    answers: sizeOfHistogram(histogram),
    median_seconds: rounded(percentileSeconds(histogram, 0.5)),
    p90_seconds: rounded(percentileSeconds(histogram, 0.9)),
  }
}

/** Three digits are more than a bucket knows. */
export const rounded = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(3)))

function budgetOf(leases: readonly PageLeaseRow[]): Statistics['graph']['budget'] {
  if (leases.length === 0) return null
  const pausedMs = Math.max(...leases.map((lease) => lease.paused_until_ms))
  return {
    usage_percent: Math.max(...leases.map((lease) => lease.usage_percent)),
    paused_until: rfc3339OrNull(pausedMs === 0 ? null : pausedMs),
  }
}
