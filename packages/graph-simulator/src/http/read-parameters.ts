/** `key=value&…`; names without brackets stay texts, Facebook's JSON values are parsed where they are needed. */
export function readFormParameters(text: string): Record<string, unknown> {
  const parameters: Record<string, unknown> = {}
  for (const [name, value] of new URLSearchParams(text)) addParameter(parameters, name, value)
  return parameters
}

/** `recipient[id]=1` is the same as `recipient={"id":"1"}`. */
function addParameter(parameters: Record<string, unknown>, name: string, value: string) {
  const bracket = name.indexOf('[')
  if (bracket <= 0) {
    parameters[name] = value
    return
  }
  const keys = [
    name.slice(0, bracket),
    ...[...name.slice(bracket).matchAll(/\[([^\]]*)\]/g)].map(([, key]) => key ?? ''),
  ]
  let place = parameters
  for (const [i, key] of keys.entries()) {
    if (key === '__proto__') return
    if (i === keys.length - 1) {
      place[key === '' ? String(Object.keys(place).length) : key] = value
      return
    }
    const next = place[key]
    place[key] = next !== null && typeof next === 'object' ? next : {}
    place = place[key] as Record<string, unknown>
  }
}

/** Splits `/v26.0/me/messages?x=1` into version, pieces of the path, and parameters. */
export function splitTarget(target: string): {
  version: string | null
  path: string[]
  parameters: Record<string, unknown>
} {
  const mark = target.indexOf('?')
  const pathText = mark < 0 ? target : target.slice(0, mark)
  const pieces = pathText
    .split('/')
    .filter((piece) => piece !== '')
    .map(decoded)
  const version = pieces[0] !== undefined && /^v\d+\.\d+$/.test(pieces[0]) ? pieces.shift()! : null
  return { version, path: pieces, parameters: mark < 0 ? {} : readFormParameters(target.slice(mark + 1)) }
}

const decoded = (piece: string): string => {
  try {
    return decodeURIComponent(piece)
  } catch {
    return piece
  }
}

/** The fields of a multipart body (files are left out: the simulator takes attachments by URL only). */
export function readMultipartParameters(body: Buffer, contentType: string): Record<string, unknown> {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1]
  const parameters: Record<string, unknown> = {}
  if (boundary === undefined) return parameters
  for (const part of body.toString('utf8').split(`--${boundary}`)) {
    const split = part.indexOf('\r\n\r\n')
    const name = /name="([^"]*)"/.exec(part.slice(0, Math.max(split, 0)))?.[1]
    if (name === undefined || part.slice(0, split).includes('filename=')) continue
    addParameter(parameters, name, part.slice(split + 4).replace(/\r\n$/, ''))
  }
  return parameters
}
