import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the peer got it. */
export interface PeerRequest {
  readonly method: string
  /** Path and query, as they stood on the wire. */
  readonly target: string
  readonly path: string
  /** Of the query, or of the form. */
  readonly params: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface PeerAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON; a string as it is. */
  readonly body?: unknown
}

/** Answers by returning, or takes the response into its own hands (returns undefined). `nth` counts from 1. */
export type PeerHandler = (
  request: PeerRequest,
  response: ServerResponse,
  nth: number,
) => PeerAnswer | undefined | Promise<PeerAnswer | undefined>

export interface GraphPeer extends AsyncDisposable {
  readonly url: string
  readonly requests: readonly PeerRequest[]
  sockets(): { readonly opened: number; readonly most: number; readonly open: number }
}

/** An HTTP server that does to its client whatever a test wants: the faults that no program makes on purpose. */
export async function startGraphPeer(handle: PeerHandler): Promise<GraphPeer> {
  const requests: PeerRequest[] = []
  const open = new Set<unknown>()
  let opened = 0
  let most = 0
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming)
    requests.push(request)
    const answer = await handle(request, response, requests.length)
    if (answer === undefined) return
    const { status = 200, headers = {}, body = {} } = answer
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  server.on('connection', (socket) => {
    open.add(socket)
    opened++
    most = Math.max(most, open.size)
    socket.on('close', () => open.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    sockets: () => ({ opened, most, open: open.size }),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

async function read(incoming: IncomingMessage): Promise<PeerRequest> {
  const { method = '', url: target = '', headers } = incoming
  const pieces: Buffer[] = []
  for await (const piece of incoming) pieces.push(piece)
  const body = Buffer.concat(pieces).toString()
  const { pathname, searchParams } = new URL(target, 'http://peer')
  const params = body === '' ? searchParams : new URLSearchParams(body)
  return { method, target, path: pathname, params, headers, body }
}
