import { AppError } from '../errors/app-error.ts'
import { createPageCalls, type PageCallsDeps } from './page-calls.ts'

/** What Facebook says of a token. Times in milliseconds since 1970; null: never, or not told. */
export interface TokenReport {
  readonly isValid: boolean
  readonly expiresMs: number | null
  /** After this Facebook shows the app nothing of people until somebody logs in again. */
  readonly dataAccessExpiresMs: number | null
  /** Why it is dead, as Facebook says. */
  readonly problem: { readonly code: number; readonly subcode?: number } | null
}

export interface TokenInspection {
  /**
   * Facebook's `debug_token` of the page's token, asked by the app itself: it answers for a dead token, too.
   *
   * @throws AppError FACEBOOK_MISCONFIGURED where the app itself is refused; else as `GraphClient` does
   */
  inspect(): Promise<TokenReport>
  calls(): number
}

export interface TokenInspectionDeps extends PageCallsDeps {
  /** Null where it is not configured. */
  readonly appId: string | null
  readonly appSecret: string
}

/** The token that is looked at is `accessToken`. */
export function createTokenInspection({
  appId,
  appSecret,
  accessToken,
  ...deps
}: TokenInspectionDeps): TokenInspection {
  const calls = createPageCalls({ ...deps, accessToken: `${appId}|${appSecret}` })
  return {
    async inspect() {
      if (appId === null) throw new AppError('FACEBOOK_MISCONFIGURED', 'FB_APP_ID is needed to check a token')
      try {
        // Facebook takes it in the query alone; errors leave it out (`withoutSecrets`).
        const params = { input_token: accessToken }
        const { body } = await calls.plain('page', { method: 'GET', path: '/debug_token', params })
        return readTokenReport(body)
      } catch (error) {
        const isOurs = error instanceof AppError && error.code === 'FACEBOOK_TOKEN_INVALID'
        if (!isOurs) throw error
        throw new AppError('FACEBOOK_MISCONFIGURED', "Facebook refuses the app's own token", { cause: error })
      }
    },
    calls: () => calls.count(),
  }
}

/** @throws AppError FACEBOOK_UNAVAILABLE: an answer of another shape is no answer, and must not kill a token */
export function readTokenReport(body: Readonly<Record<string, unknown>>): TokenReport {
  const data = body.data as Readonly<Record<string, unknown>> | undefined
  if (typeof data?.is_valid !== 'boolean')
    throw new AppError('FACEBOOK_UNAVAILABLE', "Facebook's answer does not say whether the token is valid")
  const { code, subcode } = (data.error ?? {}) as { code?: unknown; subcode?: unknown }
  return {
    isValid: data.is_valid,
    expiresMs: secondsToMs(data.expires_at),
    dataAccessExpiresMs: secondsToMs(data.data_access_expires_at),
    problem: typeof code === 'number' ? { code, ...(typeof subcode === 'number' ? { subcode } : {}) } : null,
  }
}

/** Facebook writes 0 for never. */
const secondsToMs = (seconds: unknown): number | null =>
  typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : null
