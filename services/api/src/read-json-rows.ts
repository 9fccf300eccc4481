import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { Tokenizer, TokenParser, TokenType } from '@streamparser/json'

export interface RowsBody {
  /** The one member of the body: a list of rows. */
  readonly member: string
  readonly bytesMax: number
}

const DEPTH_MAX = 20
const STRING_BUFFER_BYTES = 64 * 1024
const NAME_SHOWN_MAX = 100

/**
 * Reads a JSON object with one list in it row by row, as it arrives: no more than a chunk of it is in memory. Yields the rows
 * that each chunk completed.
 *
 * @throws AppError PAYLOAD_TOO_LARGE; VALIDATION_FAILED where it is no such object, also after rows that were
 */
export async function* readJsonRows(
  body: AsyncIterable<Uint8Array>,
  { member, bytesMax }: RowsBody,
): AsyncGenerator<readonly unknown[]> {
  const shape = createShape(member)
  const parser = new TokenParser({ paths: [`$.${member}.*`], keepStack: false })
  const tokenizer = new Tokenizer({ stringBufferSize: STRING_BUFFER_BYTES })
  let rows: unknown[] = []
  parser.onValue = ({ value }) => void rows.push(value)
  tokenizer.onToken = (found) => {
    shape.see(found.token, found.value)
    parser.write(found)
  }
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new AppError('PAYLOAD_TOO_LARGE', 'The body is too large')
    parse(() => tokenizer.write(chunk))
    if (rows.length === 0) continue
    yield rows
    rows = []
  }
  parse(() => tokenizer.end())
  if (!parser.isEnded) throw refusedBody('/', 'is not JSON')
  shape.end()
}

/** Without the parser's own error: it holds a piece of the body. */
function parse(step: () => void): void {
  try {
    step()
  } catch (error) {
    throw error instanceof AppError ? error : refusedBody('/', 'is not JSON')
  }
}

/** Watches that the body is an object with the one member, which is a list, and that nothing in it is nested without end. */
function createShape(member: string) {
  let depth = 0
  let isName = false
  let isThere = false
  const seeMember = (token: TokenType, value: unknown): void => {
    if (isName && token === TokenType.STRING) {
      const name = String(value).slice(0, NAME_SHOWN_MAX)
      if (value !== member)
        throw refusedBody(`/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, 'is not known here')
      if (isThere) throw refusedBody(`/${member}`, 'must not be there twice')
      isThere = true
    } else if (!isName && token !== TokenType.LEFT_BRACKET && !PUNCTUATION.has(token))
      throw refusedBody(`/${member}`, 'must be a list')
    if (token === TokenType.COLON) isName = false
    if (token === TokenType.COMMA) isName = true
  }
  return {
    see(token: TokenType, value: unknown): void {
      if (depth === 0 && token !== TokenType.LEFT_BRACE) throw refusedBody('/', 'must be an object')
      if (depth === 0) isName = true
      else if (depth === 1) seeMember(token, value)
      if (token === TokenType.LEFT_BRACE || token === TokenType.LEFT_BRACKET) depth++
      if (token === TokenType.RIGHT_BRACE || token === TokenType.RIGHT_BRACKET) depth--
      if (depth > DEPTH_MAX) throw refusedBody(`/${member}`, `must be nested at most ${DEPTH_MAX} deep`)
    },
    end(): void {
      if (!isThere) throw refusedBody(`/${member}`, 'is required')
    },
  }
}

const PUNCTUATION: ReadonlySet<TokenType> = new Set([TokenType.COLON, TokenType.COMMA, TokenType.RIGHT_BRACE])

/** What is wrong with a body that is read as it arrives. */
export function refusedBody(path: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', `${path}: ${message}`, { problems: [{ path, message }] })
}
