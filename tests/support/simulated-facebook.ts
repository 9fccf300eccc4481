import type { ReadPage } from '@pagesync/api/api-context.ts'
import { createReadPage } from '@pagesync/api/read-page.ts'
import { createSimulator, type Simulator, type SimulatorOptions } from '@pagesync/graph-simulator/create-simulator.ts'
import { createFacebookLogin, type FacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import { createGraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'

/** A simulated Facebook, and what the API asks of it, over HTTP. */
export interface SimulatedFacebook extends AsyncDisposable {
  readonly simulator: Simulator
  readonly facebook: FacebookLogin
  readonly readPage: ReadPage
}

const VERSION = 'v26.0'

export async function openSimulatedFacebook(options: SimulatorOptions): Promise<SimulatedFacebook> {
  await using opened = new AsyncDisposableStack()
  const simulator = opened.use(await createSimulator(options))
  const { id: appId, secret: appSecret } = simulator.app
  const graph = opened.use(createGraphClient({ url: simulator.url, version: VERSION, appSecret, clock: systemClock }))
  const facebook = createFacebookLogin({ graph, appId, appSecret, loginUrl: simulator.url, version: VERSION })
  const all = opened.move()
  return {
    simulator,
    facebook,
    readPage: createReadPage(graph, facebook),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
