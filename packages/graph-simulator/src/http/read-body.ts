import type { IncomingMessage } from 'node:http'

const LARGEST_BODY = 8 * 1024 * 1024

export class BodyTooLarge extends Error {}

/** The whole body; refuses more than 8 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LARGEST_BODY) throw new BodyTooLarge()
    chunks.push(chunk)
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
}
