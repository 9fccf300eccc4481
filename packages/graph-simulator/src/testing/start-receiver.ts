import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedWebhook {
  readonly bytes: Buffer
  readonly body: WebhookBody
  readonly signature: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

// Items of every kind; each test says by its expectations what it needs.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type WebhookItem = any

export interface WebhookBody {
  readonly object: string
  readonly entry: readonly {
    readonly id: string
    readonly time: number
    readonly messaging?: readonly WebhookItem[]
    readonly standby?: readonly WebhookItem[]
    readonly changes?: readonly WebhookItem[]
    readonly changed_fields?: readonly string[]
  }[]
}

/** A receiver of webhooks: keeps what came, answers as told, and confirms the handshake with `verifyToken`. */
export async function startReceiver(verifyToken = 'let-me-in') {
  const received: ReceivedWebhook[] = []
  const behaviour: { status: number; hang: boolean } = { status: 200, hang: false }
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    if (request.method === 'GET') {
      const query = new URL(request.url ?? '', 'http://localhost').searchParams
      const right = query.get('hub.mode') === 'subscribe' && query.get('hub.verify_token') === verifyToken
      response.writeHead(right ? 200 : 403).end(right ? query.get('hub.challenge') : '')
      return
    }
    const bytes = Buffer.concat(chunks)
    const signature = String(request.headers['x-hub-signature-256'])
    received.push({ bytes, body: parsed(bytes), signature, headers: request.headers })
    if (behaviour.hang) return
    response.writeHead(behaviour.status).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    received,
    behaviour,
    /** The items of all bodies, in the order of arrival. */
    items: (): WebhookItem[] =>
      received.flatMap(({ body }) =>
        body.entry.flatMap(({ messaging = [], standby = [], changes = [] }) => [...messaging, ...standby, ...changes]),
      ),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

const parsed = (bytes: Buffer): WebhookBody => {
  try {
    return JSON.parse(bytes.toString()) as WebhookBody
  } catch {
    return { object: 'not JSON', entry: [] }
  }
}
