import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'

const SPAWN_NODE = new URL('../support/spawn-node.ts', import.meta.url).href
/** Starts a simulator, and never ends it. */
const CARELESS = `
  const { spawnNode } = await import('${SPAWN_NODE}')
  const child = spawnNode('packages/graph-simulator/src/main.ts', { SIMULATOR_PORT: '0' })
  await child.jsonLine(({ ready }) => ready === true)
  console.log(child.pid)
`

it('a process that the tests started ends with them, however they ended', async () => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', CARELESS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(createInterface({ input: parent.stdout }), 'line')
  const pid = Number(line)
  expect(process.kill(pid, 0)).toBe(true)
  parent.kill('SIGKILL')
  await eventually(() => {
    try {
      return !process.kill(pid, 0)
    } catch {
      return true
    }
  })
})
