import { hash } from 'node:crypto'
import { LOGIN_MS } from '@pagesync/shared/store/repositories/logins.ts'

/**
 * The cookie that binds a login to the browser that began it: each login has one of its own name, so that two windows
 * do not end each other's. Browsers take `__Host-` from this very host alone: whoever has another name of the domain
 * could else set the cookie of their own login in a victim's browser, and be given the victim's pages.
 */
function nameOf(state: string, { secure }: CookiePlace): string {
  return `${secure ? '__Host-' : ''}pagesync_login_${hash('sha256', state, 'hex').slice(0, 16)}`
}

export interface CookiePlace {
  /** Only over HTTPS. */
  readonly secure: boolean
  /** Where it is needed. Over HTTPS it is sent back to every path: `__Host-` is taken for no other. */
  readonly path: string
}

export function loginCookie(state: string, value: string, place: CookiePlace): string {
  return cookie(`${nameOf(state, place)}=${value}`, place, LOGIN_MS / 1000)
}

/** Takes the cookie away again. */
export function endedLoginCookie(state: string, place: CookiePlace): string {
  return cookie(`${nameOf(state, place)}=`, place, 0)
}

/** Lax: Facebook sends the browser back by a link, so Strict would not come with it. */
const cookie = (pair: string, { secure, path }: CookiePlace, maxAgeSeconds: number): string =>
  `${pair}; Path=${secure ? '/' : path}; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`

/** The value of the login's cookie in a `Cookie` header. */
export function readLoginCookie(header: string | undefined, state: string, place: CookiePlace): string | undefined {
  const prefix = `${nameOf(state, place)}=`
  const pair = header
    ?.split(';')
    .map((each) => each.trim())
    .find((each) => each.startsWith(prefix))
  return pair?.slice(prefix.length)
}
