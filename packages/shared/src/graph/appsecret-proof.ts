import { createHmac } from 'node:crypto'

const PROOFS_MAX = 10_000

/**
 * `appsecret_proof`: hex HMAC-SHA256 of the token under the secret of the app that issued it (Graph API "Securing
 * requests"). Remembered per token.
 */
export function createProofs(appSecret: string): (accessToken: string) => string {
  const proofs = new Map<string, string>()
  return (accessToken) => {
    const known = proofs.get(accessToken)
    if (known !== undefined) return known
    if (proofs.size >= PROOFS_MAX) proofs.clear()
    const proof = createHmac('sha256', appSecret).update(accessToken).digest('hex')
    proofs.set(accessToken, proof)
    return proof
  }
}
