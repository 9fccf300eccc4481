import { api, call, type System } from './system.ts'

/**
 * Uses every kind of secret that there is, right ones and wrong ones (they may be another system's), at a running system:
 * keys, tokens of pages and people, a login, the operator's token where there is one. Answers them by name.
 */
export async function useSecrets(system: System, operatorToken?: string): Promise<Map<string, string>> {
  const secrets = new Map<string, string>()
  const base = `${system.apiUrl}/api/facebook`
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
  const wrong = {
    page: `EAAGwrongPageToken${'x'.repeat(20)}`,
    key: `ps_live_${'w'.repeat(43)}`,
    hub: 'wrongVerifyToken0123',
    operator: 'wrong-operator-token-0123456789abcdef',
    code: 'wrongCodeOfALogin0123456789',
  }
  for (const [name, secret] of Object.entries(wrong)) secrets.set(`wrong ${name}`, secret)

  const made = await api(system, 'POST', '/api-keys', { body: { name: 'x', scopes: ['read', 'admin'] } })
  secrets.set('made key', made.body.api_key.key)
  for (const key of [made.body.api_key.key, wrong.key]) await call(`${base}/pages`, 'GET', bearer(key))
  await api(system, 'DELETE', `/api-keys/${made.body.api_key.id}`)
  await call(`${base}/pages`, 'GET', bearer(made.body.api_key.key))

  const verify = new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.verify_token': wrong.hub, 'hub.challenge': '1' })
  await fetch(`${system.webhookUrl}/api/facebook/webhook?${verify}`)
  await fetch(`${system.webhookUrl}/api/facebook/webhook`, { method: 'POST', body: '{}' })

  for (const [kind, path] of [
    ['user', '/connect'],
    ['page', `/pages/${system.pageId}/reconnect`],
  ] as const) {
    const of = kind === 'page' ? { facebook_page_id: system.facebookPageId } : {}
    const { body } = await call(`${system.controlUrl}/_control/tokens`, 'POST', { body: { kind, ...of } })
    secrets.set(`${kind} token`, body.access_token)
    for (const access_token of [wrong.page, body.access_token]) {
      const answer = await api(system, 'POST', path, { body: { access_token } })
      const expected = access_token === wrong.page ? 502 : 200
      if (answer.status !== expected)
        throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    }
  }
  await api(system, 'POST', '/pages', { body: { facebook_page_id: '1', access_token: wrong.page } })
  await logIn(system, wrong.code, secrets)
  if (operatorToken !== undefined) await operate(base, operatorToken, wrong.operator, secrets)
  return secrets
}

/** There and back, with a wrong code first. */
async function logIn(system: System, wrongCode: string, secrets: Map<string, string>): Promise<void> {
  for (const isWrong of [true, false]) {
    const { body, headers } = await api(system, 'POST', '/connect/start')
    const cookie = String(headers['set-cookie']).split(';')[0] as string
    const dialog = await fetch(`${body.login_url}&decision=allow`, { redirect: 'manual' })
    const back = new URL(dialog.headers.get('location') ?? '')
    secrets.set(`code ${isWrong}`, back.searchParams.get('code') ?? '')
    secrets.set(`state ${isWrong}`, back.searchParams.get('state') ?? '')
    secrets.set(`cookie ${isWrong}`, cookie.split('=')[1] as string)
    if (isWrong) back.searchParams.set('code', wrongCode)
    const answer = await call(`${system.apiUrl}${back.pathname}${back.search}`, 'GET', { headers: { cookie } })
    if ((answer.status === 200) === isWrong)
      throw new Error(`the way back answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  }
}

/** What the operator does from making a tenant to erasing it. */
async function operate(base: string, token: string, wrong: string, secrets: Map<string, string>): Promise<void> {
  secrets.set('operator token', token)
  const ask = (method: 'GET' | 'POST' | 'DELETE', path: string, body?: object, as = token) =>
    call(`${base}${path}`, method, { body, headers: { authorization: `Bearer ${as}` } })
  await ask('GET', '/tenants', undefined, wrong)
  const { body } = await ask('POST', '/tenants', { name: 'For a moment' })
  secrets.set("a tenant's first key", typeof body.api_key === 'string' ? body.api_key : body.api_key.key)
  const keys = `/tenants/${body.tenant.id}/api-keys`
  const made = await ask('POST', keys, { name: 'by the operator', scopes: ['admin'] })
  secrets.set("the operator's key", made.body.api_key.key)
  for (const path of ['/tenants', keys, '/audit-log']) await ask('GET', path)
  await ask('POST', '/tokens/reseal')
  await ask('DELETE', `${keys}/${made.body.api_key.id}`)
  const erased = await ask('DELETE', `/tenants/${body.tenant.id}`)
  if (erased.status >= 300) throw new Error(`the erasure answered ${erased.status}: ${JSON.stringify(erased.body)}`)
}

/** What lets somebody or something go: the last that is done. */
export async function letGo(system: System): Promise<void> {
  const first = async (path: string, name: string) => (await api(system, 'GET', path)).body[name][0]?.id
  const paths = [
    `/contacts/${await first(`/pages/${system.pageId}/contacts?sort=id`, 'contacts')}`,
    `/dead-letters/${await first('/dead-letters', 'dead_letters')}`,
    `/pages/${system.pageId}`,
    `/accounts/${await first('/accounts', 'accounts')}`,
  ]
  for (const path of paths) {
    const { status, body } = await api(system, 'DELETE', path)
    if (status >= 300 && !path.endsWith('/undefined'))
      throw new Error(`DELETE ${path} answered ${status}: ${JSON.stringify(body)}`)
  }
}
