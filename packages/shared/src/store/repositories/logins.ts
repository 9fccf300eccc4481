import { hash, randomBytes } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import type { Requester } from '../../model/command.ts'
import type { Store } from '../collection.ts'
import { LOGINS, type LoginRow } from './connection-rows.ts'

export interface NewLogin {
  readonly tenantId: string
  readonly requester: Requester
  readonly redirectUri: string
}

/** Logins at Facebook that are under way: who began each, in which browser, until when. */
export interface Logins {
  /** `state` goes to Facebook and comes back, `cookie` stays in the browser: neither is stored. 256 random bits each. */
  begin(login: NewLogin, nowMs: number): Promise<{ readonly state: string; readonly cookie: string }>
  /**
   * Ends the login: it cannot be taken again.
   *
   * @throws AppError LOGIN_NOT_CONTINUED, whatever it is that does not fit
   */
  take(state: string, cookie: string | undefined, nowMs: number): Promise<LoginRow>
}

export const LOGIN_MS = 600_000
const SWEPT_AT_ONCE = 200

const secret = (): string => randomBytes(32).toString('base64url')
const hashOf = (text: string): string => hash('sha256', text, 'hex')

export function createLogins(store: Store): Logins {
  const logins = store.collection(LOGINS)

  /** Whoever begins one takes away some that nobody ended: so they never become many. */
  const sweep = async (nowMs: number): Promise<void> => {
    const old = await logins.find({ index: 'byExpiry', range: { lt: nowMs }, limit: SWEPT_AT_ONCE })
    if (old.length > 0) await logins.deleteMany(old.map(({ _id }) => _id))
  }

  return {
    async begin({ tenantId, requester, redirectUri }, nowMs) {
      await sweep(nowMs)
      const [state, cookie] = [secret(), secret()]
      await logins.insertMany([
        {
          _id: hashOf(state),
          tenant_id: tenantId,
          requester,
          cookie_hash: hashOf(cookie),
          redirect_uri: redirectUri,
          expires_ms: nowMs + LOGIN_MS,
          used_ms: null,
        },
      ])
      return { state, cookie }
    },
    async take(state, cookie, nowMs) {
      const [login] = await logins.getMany([hashOf(state)])
      // Hashes of 256 random bits: comparing them tells nothing in its time that could be used.
      const fits = login && cookie !== undefined && login.cookie_hash === hashOf(cookie)
      if (!fits || login.used_ms !== null || login.expires_ms <= nowMs) throw notContinued()
      const { lost } = await logins.replaceMany([{ ...login, used_ms: nowMs }])
      if (lost.length > 0) throw notContinued()
      return login
    },
  }
}

/** The same for all: no hint what was wrong. */
export const notContinued = (): AppError =>
  new AppError('LOGIN_NOT_CONTINUED', 'The login is not known in this browser, was used, or took too long: begin anew')
