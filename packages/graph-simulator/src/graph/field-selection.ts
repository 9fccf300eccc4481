import { GraphError } from './graph-error.ts'

/** One wanted field: `messages.limit(25).as(newest){id,from{name}}`. */
export interface WantedField {
  readonly name: string
  readonly alias?: string
  readonly parameters: Readonly<Record<string, string>>
  /** Sub-fields; undefined when none were named, so that the defaults count. */
  readonly fields?: readonly WantedField[]
}

const DEEPEST = 8
const CACHED = 500

/** Parses the `fields` parameter; code 2500 with the place where it went wrong, as Facebook does. */
export function parseFields(text: string): readonly WantedField[] {
  const parser = createParser(text)
  const fields = parser.list(0)
  parser.end()
  return fields
}

/** The same, remembering what was parsed: clients ask with a handful of texts, thousands of times. */
export function createFieldParser(): (text: string) => readonly WantedField[] {
  const known = new Map<string, readonly WantedField[]>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const fields = parseFields(text)
    if (known.size >= CACHED) known.clear()
    known.set(text, fields)
    return fields
  }
}

function createParser(text: string) {
  let at = 0
  const skip = () => {
    while (/\s/.test(text[at] ?? '')) at++
  }
  const fail = (expected: string): never => {
    const found = text[at] === undefined ? 'end of string' : text[at]
    throw new GraphError(2500, `Syntax error "Expected ${expected} instead of "${found}"." at character ${at}: ${text}`)
  }
  const word = (): string => {
    skip()
    const begin = at
    while (/[A-Za-z0-9_:-]/.test(text[at] ?? '')) at++
    return at === begin ? fail('name') : text.slice(begin, at)
  }
  const argument = (): string => {
    at++
    const begin = at
    let open = 1
    for (; at < text.length && open > 0; at++) {
      if (text[at] === '(') open++
      if (text[at] === ')') open--
    }
    return open > 0 ? fail('")"') : text.slice(begin, at - 1)
  }

  const field = (depth: number): WantedField => {
    const name = word()
    const parameters: Record<string, string> = {}
    let fields: readonly WantedField[] | undefined
    for (;;) {
      skip()
      if (text[at] === '.') {
        at++
        const modifier = word()
        skip()
        if (text[at] !== '(') fail('"("')
        const value = argument()
        if (modifier === 'fields') fields = parseFields(value)
        else parameters[modifier] = value
      } else if (text[at] === '{') {
        if (depth >= DEEPEST) throw new GraphError(2500, 'The field expansion is nested too deeply')
        at++
        fields = list(depth + 1)
        skip()
        if (text[at] !== '}') fail('"}"')
        at++
      } else break
    }
    const { as: alias, ...rest } = parameters
    return { name, ...(alias === undefined ? {} : { alias }), parameters: rest, ...(fields ? { fields } : {}) }
  }

  const list = (depth: number): WantedField[] => {
    const fields: WantedField[] = []
    skip()
    if (text[at] === '}' || text[at] === undefined) return fields
    for (;;) {
      fields.push(field(depth))
      skip()
      if (text[at] !== ',') return fields
      at++
      skip()
      // Facebook takes a comma before the end.
      if (text[at] === undefined || text[at] === '}') return fields
    }
  }

  return {
    list,
    end() {
      skip()
      if (at < text.length) fail('end of string')
    },
  }
}
