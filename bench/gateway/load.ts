import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { type MessageOptions, signedMessage } from './signed-messages.ts'

/**
 * The load, in its own process: raw sockets and requests written beforehand, since it shares the machine with what
 * it measures. Each connection has one request under way and sends the next when the answer is complete.
 */
export interface LoadOrder {
  readonly port: number
  readonly connections: number
  readonly durationMs: number
  /** Most requests that are made; the round ends when they are used up. */
  readonly requestsMax: number
  readonly message: MessageOptions
}

export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly non200: number
  /** Processor time of the load itself while it ran. */
  readonly cpuMs: number
  /** How many of the requests, from the first on, were sent: request i has the mid of `signedMessage(…, i)`. */
  readonly sent: number
  /** Those of them that were answered otherwise or not at all. */
  readonly failed: readonly number[]
}

const ANSWER_BYTES_MAX = 64 * 1024
const BUFFER_BYTES = 16 * 1024
const DRAIN_MS = 10_000
const HEADERS_END = Buffer.from('\r\n\r\n')

interface Connection {
  readonly socket: Socket
  index: number
  sentAt: number
  /** What has arrived of an answer that came in pieces. */
  partial: Buffer | undefined
}

process.on('message', async (order: LoadOrder) => {
  process.send?.(await runLoad(order))
})

async function runLoad(order: LoadOrder): Promise<LoadResult> {
  const requests: Buffer[] = []
  for (let i = 0; i < order.requestsMax; i++) requests.push(signedMessage(order.message, i).request)
  const latenciesMs = new Float64Array(order.requestsMax)
  const failed: number[] = []
  let next = 0
  let answered = 0
  let lastAnswerAt = 0
  let deadline = Number.POSITIVE_INFINITY
  const busy = new Set<Connection>()

  const sendNext = (connection: Connection, now: number) => {
    if (now >= deadline || next === requests.length) {
      busy.delete(connection)
      return
    }
    connection.index = next++
    connection.sentAt = now
    connection.socket.write(requests[connection.index]!)
  }

  const onAnswer = (connection: Connection, is200: boolean) => {
    const now = performance.now()
    latenciesMs[answered++] = now - connection.sentAt
    lastAnswerAt = now
    if (!is200) failed.push(connection.index)
    sendNext(connection, now)
  }

  const connections = await Promise.all(
    Array.from({ length: order.connections }, () => openConnection(order.port, onAnswer)),
  )
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  deadline = startedAt + order.durationMs
  for (const connection of connections) {
    busy.add(connection)
    sendNext(connection, performance.now())
  }
  while (busy.size > 0 && performance.now() < deadline + DRAIN_MS) await delay(5)
  const cpu = process.cpuUsage(cpuBefore)
  for (const connection of busy) failed.push(connection.index)
  for (const { socket } of connections) socket.destroy()

  const sorted = latenciesMs.subarray(0, answered).sort()
  const quantile = (q: number) => sorted[Math.min(answered - 1, Math.floor(answered * q))] ?? Number.NaN
  return {
    requests: answered,
    perSecond: (answered / (lastAnswerAt - startedAt)) * 1000,
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    non200: failed.length,
    cpuMs: (cpu.user + cpu.system) / 1000,
    sent: next,
    failed,
  }
}

function openConnection(port: number, onAnswer: (connection: Connection, is200: boolean) => void): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      // One buffer for the connection's whole life instead of one for each read.
      onread: {
        buffer: Buffer.allocUnsafe(BUFFER_BYTES),
        callback: (bytes, buffer) => {
          const chunk = Buffer.from(buffer.buffer, buffer.byteOffset, bytes)
          const answer = connection.partial ? Buffer.concat([connection.partial, chunk]) : chunk
          if (isComplete(answer)) {
            connection.partial = undefined
            onAnswer(connection, answer.toString('latin1', 9, 12) === '200')
          } else {
            connection.partial = Buffer.from(answer)
            if (answer.length > ANSWER_BYTES_MAX) socket.destroy(new Error('answer too long'))
          }
          return true
        },
      },
    })
    const connection: Connection = { socket, index: -1, sentAt: 0, partial: undefined }
    socket.once('connect', () => resolve(connection))
    socket.once('error', reject)
  })
}

function isComplete(answer: Buffer): boolean {
  const headersEnd = answer.indexOf(HEADERS_END)
  if (headersEnd < 0) return false
  const length = /content-length: (\d+)/i.exec(answer.toString('latin1', 0, headersEnd))
  return length !== null && answer.length >= headersEnd + HEADERS_END.length + Number(length[1])
}
