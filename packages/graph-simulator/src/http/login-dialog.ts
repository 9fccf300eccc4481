import type { IncomingMessage, ServerResponse } from 'node:http'
import type { World } from '../world.ts'

const DIALOG = /^\/(?:v\d+\.\d+\/)?dialog\/oauth(?:\?|$)/

export const isLoginDialog = (url: string): boolean => DIALOG.test(url)

const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

/**
 * `GET /dialog/oauth`: sends the browser back to `redirect_uri` with a code and the state; at once, or after a click
 * where the switch `loginAutoApprove` is off. `decision=deny` comes back with an error, as a refusal does.
 */
export function answerLoginDialog(world: World, incoming: IncomingMessage, response: ServerResponse) {
  const url = new URL(incoming.url ?? '/', world.origin)
  const redirectUri = url.searchParams.get('redirect_uri')
  if (url.searchParams.get('client_id') !== world.app.id || redirectUri === null || !URL.canParse(redirectUri)) {
    return page(
      response,
      400,
      '<h1>Invalid app ID or redirect URI</h1><p>The login dialog needs client_id and redirect_uri.</p>',
    )
  }
  const decision = url.searchParams.get('decision') ?? (world.switches.loginAutoApprove ? 'allow' : undefined)
  if (decision === undefined) return page(response, 200, consent(world, url))
  const back = new URL(redirectUri)
  const state = url.searchParams.get('state')
  if (decision === 'deny') {
    back.searchParams.set('error', 'access_denied')
    back.searchParams.set('error_code', '200')
    back.searchParams.set('error_description', 'Permissions error')
    back.searchParams.set('error_reason', 'user_denied')
  } else back.searchParams.set('code', world.tokens.newCode(redirectUri))
  if (state !== null) back.searchParams.set('state', state)
  response.writeHead(302, { location: back.href })
  response.end()
}

function consent(world: World, url: URL): string {
  const link = (decision: string) => {
    const target = new URL(url)
    target.searchParams.set('decision', decision)
    return escaped(target.pathname + target.search)
  }
  const pages = [...world.pages.values()].map((one) => `<li>${escaped(String(one.details.name))}</li>`).join('')
  return `<h1>Simulated Facebook</h1><p>Continue as ${escaped(world.user.name)}? ${escaped(world.app.name)} will manage messages of:</p><ul>${pages}</ul><p><a href="${link('allow')}">Continue</a> · <a href="${link('deny')}">Not now</a></p>`
}

function page(response: ServerResponse, status: number, body: string) {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' })
  response.end(
    `<!DOCTYPE html><html lang="en"><head><title>Log in with Facebook (simulated)</title></head><body>${body}</body></html>`,
  )
}
