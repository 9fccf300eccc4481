/** Something that the person at the terminal can do something about: shown without a stack. */
export class ProblemError extends Error {}

export interface Connection {
  /** Origin of the API. */
  readonly url: string
  readonly token: string
  /** The variable that the token came from, to be named where it is refused. */
  readonly tokenName: 'OPERATOR_TOKEN' | 'PAGESYNC_KEY'
}

export type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_URL = 'http://127.0.0.1:3032'
const ANSWER_MS_MAX = 60_000

/** @throws ProblemError where the variable is not set */
export function connectionOf(environment: Environment, tokenName: Connection['tokenName']): Connection {
  const token = environment[tokenName]
  if (!token) throw new ProblemError(`set ${tokenName}: ${WHAT_IT_IS[tokenName]}`)
  const url = environment.PAGESYNC_URL || DEFAULT_URL
  if (!URL.canParse(url)) throw new ProblemError(`PAGESYNC_URL must be as ${DEFAULT_URL}, but is ${url}`)
  return { url: url.replace(/\/+$/, ''), token, tokenName }
}

const WHAT_IT_IS = {
  OPERATOR_TOKEN: 'the token of the operator, as the API has it in its own environment',
  PAGESYNC_KEY: 'an API key with the scope admin (or name a tenant with --tenant, and set OPERATOR_TOKEN)',
} as const

interface ProblemBody {
  readonly message?: string
  readonly errors?: readonly { readonly path: string; readonly message: string }[]
  readonly request_id?: string
}

/**
 * One call of the API; answers its body.
 *
 * @param path below `/api/facebook`
 * @throws ProblemError in words, when it cannot be reached or refuses
 */
export async function callPagesync<T>(
  { url, token, tokenName }: Connection,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<T> {
  let answer: Response
  try {
    answer = await fetch(`${url}/api/facebook${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'user-agent': 'pagesync-cli/0.1.0',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A token is never sent on to where an answer points.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    })
  } catch (cause) {
    throw new ProblemError(`${url} does not answer (${reasonOf(cause)}). Is the API running there? See PAGESYNC_URL.`)
  }
  const text = await answer.text()
  if (answer.ok) return JSON.parse(text) as T
  throw new ProblemError(explain(answer, text, tokenName))
}

function reasonOf(error: unknown): string {
  const { cause, message } = error as { cause?: { code?: string; message?: string }; message?: string }
  return cause?.code ?? cause?.message ?? message ?? 'unknown'
}

function explain(answer: Response, text: string, tokenName: Connection['tokenName']): string {
  const problem = parse(text)
  if (answer.status === 401) return `the API does not know this ${tokenName}: it is wrong, expired or revoked`
  if (
    answer.status === 404 &&
    tokenName === 'OPERATOR_TOKEN' &&
    /There is no (GET|POST|DELETE) /.test(problem.message ?? '')
  )
    return 'the API has no operator: start it with OPERATOR_TOKEN'
  const details = (problem.errors ?? []).map(({ path, message }) => `\n  ${path} ${message}`).join('')
  const again = answer.headers.get('retry-after')
  return [
    problem.message ?? `the API answered ${answer.status}`,
    again === null ? '' : ` (try again in ${again} s)`,
    details,
    problem.request_id === undefined ? '' : `\n  request ${problem.request_id}`,
  ].join('')
}

function parse(text: string): ProblemBody {
  try {
    return JSON.parse(text) as ProblemBody
  } catch {
    return {}
  }
}
