import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { BodyTooLarge } from './read-body.ts'

export type Route = (incoming: IncomingMessage, response: ServerResponse) => Promise<void> | void

export interface RunningServer {
  readonly origin: string
  readonly port: number
  close(): Promise<void>
}

/** Listens and hands every request to `route`; what route throws is a bug of the simulator and answers 500. */
export async function startHttpServer(host: string, port: number, route: Route): Promise<RunningServer> {
  const server = createServer(async (incoming, response) => {
    try {
      await route(incoming, response)
    } catch (error) {
      fail(error, response)
    }
  })
  server.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const bound = (server.address() as AddressInfo).port
  return { origin: `http://127.0.0.1:${bound}`, port: bound, close: () => closeServer(server) }
}

function fail(error: unknown, response: ServerResponse) {
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  const tooLarge = error instanceof BodyTooLarge
  if (!tooLarge) process.stderr.write(`graph-simulator: ${error instanceof Error ? error.stack : String(error)}\n`)
  const text = JSON.stringify({
    error: { message: tooLarge ? 'The body is too large' : 'The simulator failed', code: tooLarge ? 413 : 500 },
  })
  response.writeHead(tooLarge ? 413 : 500, { 'content-type': 'application/json', connection: 'close' })
  response.end(text)
}

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
