const TEXT_MAX = 500
const PARAMETERS = /\b(access_token|appsecret_proof|client_secret|code|fb_exchange_token|input_token)=[^&\s"']+/gi
/** Access tokens of Facebook begin so and are over a hundred letters long. */
const TOKENS = /\bEAA[A-Za-z0-9_-]{20,}/g
const MARK = '[secret]'

/**
 * A foreign text as it may stand in an error: Facebook repeats tokens in its messages ("Malformed access token …") and
 * in the `next` addresses of lists. Cut, since nobody knows how long it is.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets) if (secret.length > 0) clean = clean.replaceAll(secret, MARK)
  clean = clean.replace(PARAMETERS, `$1=${MARK}`).replace(TOKENS, MARK)
  return clean.length > TEXT_MAX ? `${clean.slice(0, TEXT_MAX)}…` : clean
}
