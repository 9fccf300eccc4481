import { request } from 'undici'

/** A whole running Pagesync with a simulated Facebook, as a test sees it: through HTTP alone. */
export interface System extends AsyncDisposable {
  readonly apiUrl: string
  readonly webhookUrl: string
  readonly controlUrl: string
  readonly apiKey: string
  readonly appSecret: string
  readonly pageId: number
  readonly facebookPageId: string
  /** Ends the worker (or the one process that holds it) with SIGKILL and starts it again on the same data. */
  restartWorker(): Promise<void>
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member
  readonly body: any
}

interface CallOptions {
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One JSON request. */
export async function call(
  url: string,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  options: CallOptions = {},
): Promise<HttpAnswer> {
  const { body, headers = {} } = options
  const answer = await request(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    body: body === undefined ? null : JSON.stringify(body),
    headersTimeout: 90_000,
  })
  const text = await answer.body.text()
  const isJson = /json/.test(String(answer.headers['content-type']))
  return { status: answer.statusCode, headers: answer.headers, body: isJson ? JSON.parse(text) : text }
}

/** A call of the API with the system's key; `path` is below `/api/facebook`. */
export function api(
  system: System,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  options: CallOptions = {},
): Promise<HttpAnswer> {
  return call(`${system.apiUrl}/api/facebook${path}`, method, {
    ...options,
    headers: { authorization: `Bearer ${system.apiKey}`, ...options.headers },
  })
}

/** Lets a simulated customer write. */
export async function customerWrites(
  system: System,
  message: { readonly text: string; readonly psid?: string; readonly deliveries?: number },
): Promise<{ readonly psid: string; readonly mid: string; readonly webhooks: readonly { readonly status: number }[] }> {
  const { status, body } = await call(`${system.controlUrl}/_control/messages`, 'POST', {
    body: { facebook_page_id: system.facebookPageId, ...message },
  })
  if (status !== 200) throw new Error(`the simulator answered ${status}: ${JSON.stringify(body)}`)
  return body
}

/** Every item of a list, page by page, as a caller reads it. */
// biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member
export async function listAll(system: System, path: string, name: string): Promise<any[]> {
  const items = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const separator = path.includes('?') ? '&' : '?'
    const { status, body } = await api(
      system,
      'GET',
      `${path}${separator}limit=200${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`,
    )
    if (status !== 200) throw new Error(`${path} answered ${status}: ${JSON.stringify(body)}`)
    items.push(...body[name])
    cursor = body.next_cursor
  }
  return items
}
