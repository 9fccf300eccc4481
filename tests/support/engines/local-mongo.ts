import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { eventually } from '../eventually.ts'
import { freePort } from './free-port.ts'

const SCRIPTS = path.resolve(import.meta.dirname, '../../../scripts/engines')
const READY_MS = 90_000
const INSTALL_MS = 900_000
const STARTS_MAX = 3

function enginesDirectory(): string {
  return process.env.PAGESYNC_ENGINES_DIR ?? path.join(homedir(), '.cache', 'pagesync-engines')
}

export interface LocalMongo extends AsyncDisposable {
  readonly url: string
  /** Of the processes as they run now; they change with `restart`. */
  pids(): { readonly script: number; readonly postgres: number; readonly ferretdb: number }
  /** kill -9 of FerretDB, PostgreSQL's postmaster and all its children; resolves when they are gone and reaped. */
  killHard(): Promise<void>
  /** Starts it again on the same data and ports, once all of it has ended. */
  restart(): Promise<void>
}

/** FerretDB over PostgreSQL with DocumentDB, by the scripts of `scripts/engines`, on free ports, with its own data. */
export async function startLocalMongo(): Promise<LocalMongo> {
  await runToEnd('install-documentdb.sh')
  await runToEnd('install-ferretdb.sh')
  let running: Running | undefined
  let name = ''
  let ports: readonly [number, number] = [0, 0]
  for (let start = 1; running === undefined; start += 1) {
    name = `pagesync-${process.pid}-${randomBytes(4).toString('hex')}`
    ports = [await freePort(), await freePort()]
    try {
      running = await run(name, ports)
    } catch (error) {
      removeData(name, ports[1])
      // Somebody may have taken a port between our look and the engine's bind.
      if (start === STARTS_MAX) throw error
    }
  }
  let current = running
  return {
    url: `mongodb://127.0.0.1:${ports[0]}/`,
    pids: () => current.pids,
    killHard: async () => {
      const { postgres, ferretdb } = current.pids
      // Stopped first: a postmaster that sees a child die would start others while we count them.
      process.kill(postgres, 'SIGSTOP')
      const victims = [ferretdb, ...childrenOf(postgres), postgres]
      for (const pid of victims) signal(pid, 'SIGKILL')
      // The script is the engines' parent: once it has ended, both are reaped and PostgreSQL can start again.
      await current.ended
      await eventually(() => victims.every((pid) => !isAlive(pid)))
    },
    restart: async () => {
      await current.ended
      current = await run(name, ports)
    },
    [Symbol.asyncDispose]: async () => {
      signal(current.pids.script, 'SIGTERM')
      await current.ended
      removeData(name, ports[1])
    },
  }
}

interface Running {
  readonly pids: { readonly script: number; readonly postgres: number; readonly ferretdb: number }
  readonly ended: Promise<void>
}

async function run(name: string, [mongoPort, postgresPort]: readonly [number, number]): Promise<Running> {
  const script = spawn(path.join(SCRIPTS, 'start-documentdb.sh'), [name, String(mongoPort), String(postgresPort)], {
    env: { ...process.env, PAGESYNC_ENGINES_DIR: enginesDirectory(), OWNER_PID: String(process.pid), KEEP_DATA: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C in the terminal reaches us alone; we end it when our tests have closed their connections.
    detached: true,
  })
  const ended = new Promise<void>((resolve) => script.once('exit', () => resolve()))
  const output = collectOutput(script)
  let ready: RegExpExecArray
  try {
    ready = await eventually(() => {
      const match = /^READY \S+ postgres=(\d+) ferretdb=(\d+)$/m.exec(output())
      if (match) return match
      if (script.exitCode !== null) throw new Error(`start-documentdb.sh ended with ${script.exitCode}: ${output()}`)
      return false
    }, READY_MS)
  } catch (error) {
    script.kill('SIGTERM')
    await ended
    throw error
  }
  return { pids: { script: script.pid!, postgres: Number(ready[1]), ferretdb: Number(ready[2]) }, ended }
}

async function runToEnd(script: string): Promise<void> {
  const child = spawn(path.join(SCRIPTS, script), {
    env: { ...process.env, PAGESYNC_ENGINES_DIR: enginesDirectory() },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: INSTALL_MS,
  })
  const output = collectOutput(child)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${script} ended with ${code}: ${output().trim().slice(-500)}`)
}

/** What the script says, the last of it only. */
function collectOutput(child: ChildProcess): () => string {
  let text = ''
  const append = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-10_000)
  }
  child.stdout?.on('data', append)
  child.stderr?.on('data', append)
  return () => text
}

function removeData(name: string, postgresPort: number): void {
  const root = path.join(enginesDirectory(), 'documentdb', 'root')
  if (!existsSync(root)) return
  const socket = path.join(realpathSync(root), 'tmp', `.s.PGSQL.${postgresPort}`)
  for (const left of [path.join(realpathSync(root), 'srv', name), socket, `${socket}.lock`]) {
    rmSync(left, { recursive: true, force: true })
  }
}

function childrenOf(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return children === '' ? [] : children.split(' ').map(Number)
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** A zombie is not alive: it holds no memory, lock or socket any more. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}
