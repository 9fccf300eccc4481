import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { LoadOrder, LoadResult } from './load.ts'

export interface ServerProcess extends AsyncDisposable {
  readonly port: number
  readonly pid: number
}

const START_MS = 20_000
/** Linux counts processor time in hundredths of a second (USER_HZ). */
const TICK_MS = 10

/** Starts a server of its own process on a free port, and resolves when it answers `/livez`. */
export async function startServer(
  script: string,
  environment: (port: number) => Record<string, string>,
  nodeOptions: readonly string[] = [],
): Promise<ServerProcess> {
  const port = await freePort()
  const child = spawn(process.execPath, [...nodeOptions, script], {
    env: { PATH: process.env.PATH ?? '', ...environment(port) },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  killAtExit(child)
  const pid = child.pid
  if (pid === undefined) throw new Error(`${script} did not start`)
  const deadline = performance.now() + START_MS
  while (!(await answers(port))) {
    if (child.exitCode !== null) throw new Error(`${script} ended with ${child.exitCode} at its start`)
    if (performance.now() > deadline) {
      child.kill('SIGKILL')
      throw new Error(`${script} does not answer`)
    }
    await delay(50)
  }
  return { port, pid, [Symbol.asyncDispose]: () => end(child) }
}

export interface LoadProcess extends AsyncDisposable {
  run(order: LoadOrder): Promise<LoadResult>
}

export function startLoad(): LoadProcess {
  const child: ChildProcess = fork(new URL('./load.ts', import.meta.url), { execArgv: [], serialization: 'advanced' })
  killAtExit(child)
  return {
    async run(order) {
      child.send(order)
      const [result] = await once(child, 'message')
      return result as LoadResult
    },
    [Symbol.asyncDispose]: () => end(child),
  }
}

/** Processor time of the process so far, all its threads. Linux only, like the engines' scripts. */
export async function cpuMs(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** A benchmark that is broken off leaves nothing behind, neither running nor paused. */
function killAtExit(child: ChildProcess): void {
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGCONT')
  child.kill('SIGTERM')
  await Promise.race([ended, delay(12_000).then(() => child.kill('SIGKILL'))])
}

async function answers(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/livez`).then(
    (answer) => answer.ok,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (typeof address !== 'object' || address === null) throw new Error('no free port')
  return address.port
}
