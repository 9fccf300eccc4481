import { Agent, request } from 'node:http'
import { Agent as SecureAgent, request as secureRequest } from 'node:https'

/** What came of one try; `status` is null when there was no answer. */
export interface PostResult {
  readonly status: number | null
  readonly ms: number
  readonly error?: string
  readonly body?: string
}

const LONGEST_ANSWER = 4_096
const CONNECTIONS = 64

/** Sends bytes to callbacks over kept connections; never throws. */
export function createPoster() {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const secureAgent = new SecureAgent({ keepAlive: true, maxSockets: CONNECTIONS })

  return {
    send(
      url: string,
      method: 'GET' | 'POST',
      bytes: Buffer | undefined,
      headers: Record<string, string>,
      timeoutMs: number,
    ) {
      const begun = performance.now()
      return new Promise<PostResult>((resolve) => {
        const end = (status: number | null, rest: { error?: string; body?: string } = {}) => {
          clearTimeout(timer)
          resolve({ status, ms: Math.round((performance.now() - begun) * 10) / 10, ...rest })
        }
        const secure = url.startsWith('https:')
        const options = {
          method,
          agent: secure ? secureAgent : agent,
          headers: {
            'user-agent': 'facebookexternalua',
            accept: '*/*',
            ...headers,
            ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }),
          },
        }
        const sent = (secure ? secureRequest : request)(url, options, (answer) => {
          let text = ''
          answer.setEncoding('utf8')
          answer.on('data', (chunk: string) => {
            if (text.length < LONGEST_ANSWER) text += chunk
          })
          answer.on('end', () => end(answer.statusCode ?? null, { body: text.slice(0, LONGEST_ANSWER) }))
          answer.on('error', (error) => end(null, { error: error.message }))
        })
        const timer = setTimeout(() => {
          end(null, { error: `no answer within ${timeoutMs} ms` })
          sent.destroy()
        }, timeoutMs)
        sent.on('error', (error) => end(null, { error: error.message }))
        sent.end(bytes)
      })
    },
    close() {
      agent.destroy()
      secureAgent.destroy()
    },
  }
}
