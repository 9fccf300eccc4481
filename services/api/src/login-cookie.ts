import { hash } from 'node:crypto'
import { LOGIN_MS } from '@pagesync/shared/store/repositories/logins.ts'

/**
 * The cookie that binds a login to the browser that began it: each login has one of its own name, so that two windows
 * do not end each other's.
 */
const nameOf = (state: string): string => `pagesync_login_${hash('sha256', state, 'hex').slice(0, 16)}`

export interface CookiePlace {
  /** Only over HTTPS. */
  readonly secure: boolean
  /** Sent back to this path alone. */
  readonly path: string
}

export function loginCookie(state: string, value: string, { secure, path }: CookiePlace): string {
  return cookie(`${nameOf(state)}=${value}`, path, secure, LOGIN_MS / 1000)
}

/** Takes the cookie away again. */
export function endedLoginCookie(state: string, { secure, path }: CookiePlace): string {
  return cookie(`${nameOf(state)}=`, path, secure, 0)
}

/** Lax: Facebook sends the browser back by a link, so Strict would not come with it. */
const cookie = (pair: string, path: string, secure: boolean, maxAgeSeconds: number): string =>
  `${pair}; Path=${path}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

/** The value of the login's cookie in a `Cookie` header. */
export function readLoginCookie(header: string | undefined, state: string): string | undefined {
  const prefix = `${nameOf(state)}=`
  const pair = header
    ?.split(';')
    .map((each) => each.trim())
    .find((each) => each.startsWith(prefix))
  return pair?.slice(prefix.length)
}
