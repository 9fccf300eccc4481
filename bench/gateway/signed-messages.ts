import { createHmac } from 'node:crypto'

export interface SignedMessage {
  readonly mid: string
  /** The whole HTTP request, as it goes over the wire. */
  readonly request: Buffer
}

export interface MessageOptions {
  readonly secret: string
  readonly pageId: string
  readonly path: string
  /** Makes the mids of one run different from those of every other. */
  readonly tag: string
  readonly bodyBytes: number
}

const SENDERS = 5000

/** A message webhook of exactly `bodyBytes`, signed, as Facebook sends it. */
export function signedMessage(options: MessageOptions, index: number): SignedMessage {
  const mid = `m_${options.tag}-${index}`
  const psid = String(7_000_000_000_000_000 + ((index * 7919) % SENDERS))
  const write = (text: string) =>
    `{"object":"page","entry":[{"id":"${options.pageId}","time":1767868200123,"messaging":[{"sender":{"id":"${psid}"},"recipient":{"id":"${options.pageId}"},"timestamp":1767868199876,"message":{"mid":"${mid}","text":"${text}"}}]}]}`
  const body = write('a'.repeat(options.bodyBytes - write('').length))
  const signature = createHmac('sha256', options.secret).update(body).digest('hex')
  const head = [
    `POST ${options.path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: facebookexternalua',
    'Accept: */*',
    'Content-Type: application/json',
    `Content-Length: ${body.length}`,
    `X-Hub-Signature-256: sha256=${signature}`,
  ]
  return { mid, request: Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1') }
}
