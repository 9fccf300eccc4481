import { AppError } from '@pagesync/shared/errors/app-error.ts'

/** Facebook refused one part of a sync for good: the other parts go on. A dead token concerns them all. */
export function isFinalForPart(error: unknown): error is AppError {
  return (
    error instanceof AppError &&
    error.kind === 'permanent' &&
    error.code !== 'FACEBOOK_TOKEN_INVALID' &&
    error.code !== 'FACEBOOK_MISCONFIGURED'
  )
}
