import { createHmac } from 'node:crypto'

/** Both signature headers; the older SHA-1 one is still sent beside the newer. */
export function signatureHeaders(secret: string, bytes: Buffer): Record<string, string> {
  return {
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(bytes).digest('hex')}`,
    'x-hub-signature': `sha1=${createHmac('sha1', secret).update(bytes).digest('hex')}`,
  }
}
