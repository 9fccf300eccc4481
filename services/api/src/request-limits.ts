import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { addressKey } from './address-key.ts'
import type { Caller } from './caller.ts'
import { createMemoryLimit } from './memory-limit.ts'

const WINDOW_MS = 60_000

/** Limits of this instance on how much is asked, whatever it is. */
export interface RequestLimits {
  /** @throws AppError RATE_LIMITED when the address was refused too often to be asked who it is */
  admitAddress(address: string): void
  /** Somebody came without valid credentials. */
  countRefusal(address: string): void
  /** @throws AppError RATE_LIMITED */
  admitCaller(caller: Caller): void
  /** How many came without valid credentials, and how many of them were not even asked, since the start. */
  counts(): { readonly refused: number; readonly refused_unasked: number }
}

export interface RequestLimitsConfig {
  readonly KEY_REQUESTS_PER_MINUTE?: number
  readonly REFUSALS_PER_MINUTE?: number
}

/** Settings that are absent are no limit. */
export function createRequestLimits(config: RequestLimitsConfig, clock: Pick<Clock, 'now'>): RequestLimits {
  const { KEY_REQUESTS_PER_MINUTE: callerMax = 0, REFUSALS_PER_MINUTE: refusalMax = 0 } = config
  const callers = createMemoryLimit({ max: callerMax, windowMs: WINDOW_MS, clock })
  const refusals = createMemoryLimit({ max: refusalMax, windowMs: WINDOW_MS, clock })
  let refused = 0
  let refusedUnasked = 0

  return {
    admitAddress(address) {
      const waitMs = refusals.look(addressKey(address))
      if (waitMs === null) return
      refusedUnasked++
      throw tooOften('refusals', refusalMax, waitMs, 'Too many requests without valid credentials')
    },
    countRefusal(address) {
      refused++
      refusals.take(addressKey(address))
    },
    admitCaller({ tenantId, requester }) {
      const waitMs = callers.take(`${tenantId}/${requester.kind}/${requester.id}`)
      if (waitMs !== null) throw tooOften('requests', callerMax, waitMs, 'Too many requests with these credentials')
    },
    counts: () => ({ refused, refused_unasked: refusedUnasked }),
  }
}

function tooOften(name: string, max: number, retryAfterMs: number, message: string): AppError {
  return new AppError('RATE_LIMITED', message, { retryAfterMs, limit: { name, max, windowMs: WINDOW_MS } })
}
