import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-port.ts'

const SCRIPTS = fileURLToPath(new URL('../../../scripts/engines/', import.meta.url))
const STOP_MS = 15_000

/** A broker of our own on this machine, to be stopped, killed and started again on the same data. */
export interface LocalKafka extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** The broker's process, for `process.kill(pid, 'SIGKILL')`. */
  readonly pid: number
  /** Resolves when the broker's process is gone, however it ended. */
  readonly exited: Promise<void>
}

/** Installs Kafka when needed and starts a broker. Its data stays when it ends: the folder is the caller's. */
export async function startLocalKafka(options: {
  readonly dataDir: string
  readonly port?: number
}): Promise<LocalKafka> {
  await runToEnd('install-kafka.sh')
  for (let attempt = 1; ; attempt++) {
    try {
      const port = options.port ?? (await freePort())
      return await start(options.dataDir, port)
    } catch (error) {
      // A free port may be taken by somebody else before the broker takes it.
      if (options.port !== undefined || attempt === 3) throw error
    }
  }
}

async function start(dataDir: string, port: number): Promise<LocalKafka> {
  const controllerPort = await freePort()
  const script = spawn(`${SCRIPTS}start-kafka.sh`, [dataDir, String(port), String(controllerPort)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, END_WITH_STDIN: '1' },
  })
  const exited = once(script, 'exit').then(() => {})
  const ready = await firstLine(script, /^READY \S+ broker=([0-9]+)$/)
  return {
    url: `kafka://127.0.0.1:${port}?replication=1&min_isr=1`,
    port,
    pid: Number(ready[1]),
    exited,
    async [Symbol.asyncDispose]() {
      script.kill('SIGTERM')
      const killer = setTimeout(() => process.kill(Number(ready[1]), 'SIGKILL'), STOP_MS)
      await exited
      clearTimeout(killer)
    },
  }
}

/** The first line that matches, or an error with what the script said when it ends without. */
async function firstLine(script: ChildProcess, wanted: RegExp): Promise<RegExpExecArray> {
  let said = ''
  script.stderr!.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  for await (const line of createInterface({ input: script.stdout! })) {
    const match = wanted.exec(line)
    if (match) return match
  }
  throw new Error(said.trim() || 'the script ended and said nothing')
}

async function runToEnd(name: string): Promise<void> {
  const script = spawn(`${SCRIPTS}${name}`, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  script.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  const [code] = await once(script, 'exit')
  if (code !== 0) throw new Error(said.trim() || `${name} ended with ${code}`)
}
