import { type Controlled, control } from './control/control-api.ts'
import { createTraffic } from './control/traffic.ts'
import { createWorld } from './create-world.ts'
import { answerControl } from './http/answer-control.ts'
import { answerGraph } from './http/answer-graph.ts'
import { startHttpServer } from './http/http-server.ts'
import { answerLoginDialog, isLoginDialog } from './http/login-dialog.ts'
import type { SimulatorOptions } from './simulator-options.ts'
import type { World } from './world.ts'

export { createMovableClock } from './clock/movable-clock.ts'
export type { ConversationShape, SimulatorOptions } from './simulator-options.ts'

export interface Simulator extends AsyncDisposable {
  /** Origin of the Graph API and of the control API (`/_control/…`). */
  readonly url: string
  readonly port: number
  readonly app: { readonly id: string; readonly secret: string; readonly verifyToken: string }
  /** The person who logs in, by the app-scoped id. */
  readonly userId: string
  readonly pages: readonly { readonly facebookPageId: string; readonly name: string; readonly accessToken: string }[]
  /** A call of the control API without HTTP: `control('POST', 'messages', {text: 'Hi'})`. */
  control<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer>
  close(): Promise<void>
}

/** Starts a simulated Facebook: Graph API, login dialog, webhook delivery and control API on one port. */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const traffic = createTraffic()
  const controlled: Controlled = { world: createWorld(options), traffic, reset: () => reset() }
  const server = await startHttpServer(options.host ?? '127.0.0.1', options.port ?? 0, (incoming, response) => {
    const url = incoming.url ?? '/'
    if (url.startsWith('/_control')) return answerControl(controlled, incoming, response)
    if (isLoginDialog(url)) return answerLoginDialog(controlled.world, incoming, response)
    return answerGraph(controlled.world, incoming, response)
  })
  controlled.world.origin = server.origin

  const endWorld = () => {
    traffic.stop()
    controlled.world.webhooks.close()
    if (options.clock === undefined) controlled.world.clock.stop()
  }
  const reset = () => {
    endWorld()
    controlled.world.journal?.clear()
    controlled.world = createWorld(options)
    controlled.world.origin = server.origin
  }
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    if (closing === undefined) {
      endWorld()
      closing = server.close()
    }
    return closing
  }

  return {
    url: server.origin,
    port: server.port,
    get app() {
      return controlled.world.app
    },
    get userId() {
      return controlled.world.user.id
    },
    get pages() {
      return pagesOf(controlled.world)
    },
    async control<Answer>(method: string, path: string, body?: unknown) {
      const [pathname = '', query] = path.split('?')
      const pieces = pathname.split('/').filter((piece) => piece !== '')
      // The same as over HTTP: no shared objects, no undefined.
      const answer = await control(controlled, { method, path: pieces, query: new URLSearchParams(query), body })
      return JSON.parse(JSON.stringify(answer)) as Answer
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const pagesOf = (world: World) =>
  [...world.pages.values()].map((page) => ({
    facebookPageId: page.id,
    name: String(page.details.name),
    accessToken: world.tokens.ofPage(page.id).at(-1)!.token,
  }))
