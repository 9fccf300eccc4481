import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { ApiKeys } from '@pagesync/shared/store/repositories/api-keys.ts'
import type { Tenants } from '@pagesync/shared/store/repositories/tenants.ts'
import type { Caller } from './caller.ts'

/** With the time that one look takes: less than the 5 s within which a revoked key is refused. */
const LOOK_EVERY_MS = 3_500

export interface CredentialWatch extends AsyncDisposable {
  /** Fires as soon as the caller's credentials are found to have ended. The watch ends with `signal`. */
  watch(caller: Caller, signal: AbortSignal): AbortSignal
}

export interface CredentialWatchDeps {
  readonly apiKeys: Pick<ApiKeys, 'areLive'>
  readonly tenants: Pick<Tenants, 'get'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'>
}

/**
 * Ends what goes on after its request was let in: streams. One look at the store every few seconds for all of them.
 * Where the store does not answer they go on, for no longer than a stream lasts anyway.
 */
export function createCredentialWatch({ apiKeys, tenants, clock, logger }: CredentialWatchDeps): CredentialWatch {
  const watched = new Map<AbortController, Caller>()
  const stop = new AbortController()
  let looking: Promise<void> | undefined

  const look = async (): Promise<void> => {
    const callers = [...watched]
    const nowMs = clock.now()
    const hashes = [...new Set(callers.flatMap(([, { credential }]) => credential.keyHash ?? []))]
    const tenantIds = [...new Set(callers.flatMap(([, c]) => (c.credential.keyHash === null ? c.tenantId : [])))]
    const live = await apiKeys.areLive(hashes, nowMs)
    const found = await Promise.all(tenantIds.map((id) => tenants.get(id)))
    const tenantsLeft = new Set(found.flatMap((row) => row?._id ?? []))
    for (const [controller, { credential, tenantId }] of callers) {
      const { keyHash, expiresMs } = credential
      const good = keyHash === null ? tenantsLeft.has(tenantId) : live.has(keyHash)
      if (!good || (expiresMs !== null && expiresMs <= nowMs)) controller.abort()
    }
  }

  const lookOn = async (): Promise<void> => {
    while (watched.size > 0 && !stop.signal.aborted) {
      // Rejects when the service stops, which the loop looks at.
      await clock.sleep(LOOK_EVERY_MS, stop.signal).catch(() => undefined)
      if (watched.size === 0 || stop.signal.aborted) break
      await look().catch((err: unknown) => logger.warn({ err }, 'could not look whether keys of streams are live'))
    }
    looking = undefined
  }

  return {
    watch(caller, signal) {
      const controller = new AbortController()
      watched.set(controller, caller)
      const forget = (): void => void watched.delete(controller)
      signal.addEventListener('abort', forget, { once: true })
      controller.signal.addEventListener('abort', forget, { once: true })
      if (signal.aborted) forget()
      looking ??= lookOn()
      return controller.signal
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      await looking
    },
  }
}
