/**
 * The bytes that Facebook sends: JSON with every `/` as `\/` and every character beyond ASCII as lowercase `\uXXXX`
 * (two of them for an emoji). The signature is made over exactly these bytes, so a receiver that parses and
 * serialises again gets another signature.
 */
export function serialiseWebhook(body: unknown): Buffer {
  const text = JSON.stringify(body).replace(/[/\u0080-\uffff]/g, (character) =>
    character === '/' ? '\\/' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return Buffer.from(text, 'latin1')
}
