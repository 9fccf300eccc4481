import { createSimulator, type Simulator } from '../create-simulator.ts'
import type { SimulatorOptions } from '../simulator-options.ts'

export interface GraphResult {
  readonly status: number
  readonly headers: Headers
  // Tests read answers of any shape; each says by its expectations what it needs.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  readonly body: any
}

export interface TestSimulator extends Simulator {
  /** A Graph call with the first page's token, or with another one. */
  graph(method: string, path: string, body?: unknown, token?: string | null): Promise<GraphResult>
  /** The same by GET. */
  get(path: string, token?: string | null): Promise<GraphResult>
  /** A call of the control API over HTTP. */
  ask(method: string, path: string, body?: unknown): Promise<GraphResult>
  readonly pageId: string
  readonly token: string
}

/** A simulator on a free port, with the calls that tests make of it. */
export async function startTestSimulator(options: SimulatorOptions = {}): Promise<TestSimulator> {
  const simulator = await createSimulator({ seed: 42, ...options })
  const [page] = simulator.pages
  const call = async (
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
  ): Promise<GraphResult> => {
    const answer = await fetch(simulator.url + path, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, headers: answer.headers, body: text === '' ? undefined : parsed(text) }
  }
  const graph: TestSimulator['graph'] = (method, path, body, token = page?.accessToken) =>
    call(
      method,
      `/v26.0${path}`,
      body,
      token === null || token === undefined ? {} : { authorization: `Bearer ${token}` },
    )
  return Object.defineProperties(
    {
      graph,
      get: (path: string, token?: string | null) => graph('GET', path, undefined, token),
      ask: (method: string, path: string, body?: unknown) => call(method, `/_control/${path}`, body, {}),
      pageId: page?.facebookPageId ?? '',
      token: page?.accessToken ?? '',
    },
    Object.getOwnPropertyDescriptors(simulator),
  ) as TestSimulator
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
