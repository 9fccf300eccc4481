import { createHmac } from 'node:crypto'
import { lettersOf, seedOf } from './hash.ts'

export const ALL_SCOPES = [
  'pages_show_list',
  'pages_messaging',
  'pages_manage_metadata',
  'pages_read_engagement',
  'pages_read_user_content',
  'pages_manage_engagement',
  'business_management',
] as const

export type TokenState =
  | 'valid'
  | 'app_removed'
  | 'checkpoint'
  | 'password_changed'
  | 'expired'
  | 'unconfirmed'
  | 'invalid'
  | 'no_page_role'
  | 'impersonation'
  | 'session'

export interface AccessToken {
  readonly token: string
  readonly kind: 'page' | 'user' | 'app'
  readonly pageId?: string
  scopes: Set<string>
  state: TokenState
  /** Takes `state` from the default once so many calls were let through. */
  dies?: { afterCalls: number; state: TokenState }
  readonly issuedAt: number
  /** 0 is never. */
  expiresAt: number
}

export function createTokenRegistry(seed: number, app: { readonly id: string; readonly secret: string }) {
  const tokens = new Map<string, AccessToken>()
  const codes = new Map<string, { redirectUri: string }>()
  let issued = 0

  const add = (token: AccessToken): AccessToken => {
    tokens.set(token.token, token)
    return token
  }

  return {
    add,
    /** A new token, different from all before; the same run gives the same ones. */
    issue(
      kind: 'page' | 'user',
      now: number,
      { pageId, lifetimeMs = 0, text }: { pageId?: string; lifetimeMs?: number; text?: string } = {},
    ) {
      const token =
        text ?? `EAA${kind === 'page' ? 'P' : 'U'}${lettersOf(seedOf(`${kind}${pageId}${issued++}`, seed), 160)}ZD`
      const expiresAt = lifetimeMs === 0 ? 0 : now + lifetimeMs
      return add({ token, kind, pageId, scopes: new Set(ALL_SCOPES), state: 'valid', issuedAt: now, expiresAt })
    },
    find(text: string): AccessToken | undefined {
      if (text === `${app.id}|${app.secret}`) {
        return { token: text, kind: 'app', scopes: new Set(), state: 'valid', issuedAt: 0, expiresAt: 0 }
      }
      return tokens.get(text)
    },
    ofPage: (pageId: string) => [...tokens.values()].filter((one) => one.pageId === pageId),
    ofUser: () => [...tokens.values()].filter((one) => one.kind === 'user'),
    all: () => [...tokens.values()],
    newCode(redirectUri: string): string {
      const code = `AQ${lettersOf(seedOf(`code${issued++}`, seed), 120)}`
      codes.set(code, { redirectUri })
      return code
    },
    /** A code works once, and only with the redirect URI that it was made for. */
    takeCode(code: string): { redirectUri: string } | undefined {
      const found = codes.get(code)
      codes.delete(code)
      return found
    },
    proofOf: (text: string, time?: string) =>
      createHmac('sha256', app.secret)
        .update(time === undefined ? text : `${text}|${time}`)
        .digest('hex'),
  }
}

export type TokenRegistry = ReturnType<typeof createTokenRegistry>
