import { AppError } from '@pagesync/shared/errors/app-error.ts'

const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/

/**
 * Milliseconds since 1970.
 *
 * @param path of the member, for the error
 * @throws AppError VALIDATION_FAILED
 */
export function readTime(path: string, text: string): number {
  const ms = RFC_3339.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  const problems = [{ path, message: 'must be a time as 2027-01-01T00:00:00Z' }]
  throw new AppError('VALIDATION_FAILED', `${path}: ${problems[0]?.message}`, { problems })
}
