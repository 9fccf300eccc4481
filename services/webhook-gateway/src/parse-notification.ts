import { isUtf8 } from 'node:buffer'

/** A whole number of 16 digits or more outside quotes (or a text that looks so, which costs time but changes nothing). */
const LONG_NUMBER = /[[:,]\s*-?[0-9]{16}/
const INTEGER = /^-?[0-9]+$/

/**
 * The body as JSON. Facebook's ids are strings today, but numbers in old payloads; one that no double holds exactly
 * becomes the string of its digits instead of another id.
 *
 * @throws SyntaxError when the bytes are not JSON in UTF-8
 */
export function parseNotification(body: Buffer): unknown {
  if (!isUtf8(body)) throw new SyntaxError('not UTF-8')
  const text = body.toString('utf8')
  return LONG_NUMBER.test(text) ? parseWithLongNumbers(text) : JSON.parse(text)
}

/** `JSON.parse` shows the source text of primitives to the reviver (ES2026; Node 21 on), which TypeScript does not know yet. */
type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

function parseWithLongNumbers(text: string): unknown {
  const revive: Reviver = (_key, value, { source }) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && source !== undefined && INTEGER.test(source)
      ? source
      : value
  return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1])
}
