import { createSimulator } from './create-simulator.ts'
import { readEnvironment } from './read-environment.ts'

const environment = readEnvironment(process.env)
if ('problems' in environment) {
  for (const problem of environment.problems) process.stderr.write(`graph-simulator: ${problem}\n`)
  process.exit(1)
}

const simulator = await createSimulator(environment.options)
const ready = {
  ready: true,
  url: simulator.url,
  control_url: `${simulator.url}/_control`,
  app_id: simulator.app.id,
  app_secret: simulator.app.secret,
  verify_token: simulator.app.verifyToken,
  pages: simulator.pages.map(({ facebookPageId, name, accessToken }) => ({
    facebook_page_id: facebookPageId,
    name,
    access_token: accessToken,
  })),
}
process.stdout.write(`${JSON.stringify(ready)}\n`)

const stop = (signal: NodeJS.Signals) => {
  process.stderr.write(`graph-simulator: ${signal}, closing\n`)
  void simulator.close().then(() => process.exit(0))
}
process.once('SIGTERM', stop)
process.once('SIGINT', stop)
