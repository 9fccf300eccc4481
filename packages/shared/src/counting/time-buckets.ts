import type { StatisticsRow } from '../store/repositories/statistics-rows.ts'
import { type Counts, combine } from './counts.ts'

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

/** The UTC day of a time, as in `2026-01-08`. */
export const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

/** Every UTC day that the time from `fromMs` up to, but without, `toMs` touches. */
export function daysBetween(fromMs: number, toMs: number): string[] {
  const days: string[] = []
  for (let ms = Math.floor(fromMs / DAY_MS) * DAY_MS; ms < toMs; ms += DAY_MS) days.push(dayOf(ms))
  return days
}

/** What was counted in each hour: by when it began. */
export function hoursOf(days: readonly Pick<StatisticsRow, 'day_ms' | 'counts'>[]): Map<number, Counts> {
  const hours = new Map<number, Record<string, number>[]>()
  for (const { day_ms: dayMs, counts } of days) {
    const ofDay = new Map<number, Record<string, number>>()
    for (const [name, value] of Object.entries(counts)) {
      const hourMs = (dayMs ?? 0) + Number(name.slice(0, 2)) * HOUR_MS
      const hour = ofDay.get(hourMs) ?? {}
      hour[name.slice(3)] = value
      ofDay.set(hourMs, hour)
    }
    for (const [hourMs, hour] of ofDay) hours.set(hourMs, [...(hours.get(hourMs) ?? []), hour])
  }
  return new Map([...hours].map(([hourMs, parts]) => [hourMs, parts.reduce(combine)]))
}

/** All hours that begin within, together. */
export function within(hours: ReadonlyMap<number, Counts>, fromMs: number, toMs: number): Counts {
  return [...hours]
    .filter(([hourMs]) => hourMs >= fromMs && hourMs < toMs)
    .reduce((sum, [, hour]) => combine(sum, hour), {} as Counts)
}

/** The steps that the time from `fromMs` up to `toMs` touches, with what was counted in each. */
export function seriesOf(
  hours: ReadonlyMap<number, Counts>,
  { fromMs, toMs, stepMs }: { readonly fromMs: number; readonly toMs: number; readonly stepMs: number },
): { readonly atMs: number; readonly counts: Counts }[] {
  const steps = new Map<number, Counts>()
  for (let ms = Math.floor(fromMs / stepMs) * stepMs; ms < toMs; ms += stepMs) steps.set(ms, {})
  for (const [hourMs, hour] of hours) {
    const atMs = Math.floor(hourMs / stepMs) * stepMs
    const known = steps.get(atMs)
    if (known) steps.set(atMs, combine(known, hour))
  }
  return [...steps].map(([atMs, counts]) => ({ atMs, counts }))
}
