import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { END_WITH_PARENT } from './end-with-parent.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A process of ours, started as `npm run start:…` starts it. */
export interface NodeProcess extends AsyncDisposable {
  readonly pid: number
  /** Everything it wrote, line by line, standard output and standard error together. */
  readonly lines: readonly string[]
  /** Standard output alone. */
  readonly output: readonly string[]
  /** The first line of standard output that is JSON and satisfies `wanted`; fails when the process ends before. */
  jsonLine<T>(wanted: (value: Record<string, unknown>) => boolean, timeoutMs?: number): Promise<T>
  /** Its exit code once it has ended by itself; null after a signal. */
  readonly ended: Promise<number | null>
  /** Sends a signal and waits for the end; answers the exit code (null after SIGKILL). */
  end(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null>
}

/** Variables of the tests' own environment that a service of ours would take for its configuration are left out. */
export function spawnNode(
  script: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
  nodeFlags: readonly string[] = [],
): NodeProcess {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [...nodeFlags, ...END_WITH_PARENT, script, ...args], {
    cwd: ROOT,
    env: { PATH, HOME, ...environment },
    stdio: 'pipe',
  })
  const lines: string[] = []
  const output: string[] = []
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const look of waiting) look()
  }
  const read = (stream: NonNullable<ChildProcess['stdout']>, keep: (line: string) => void): void => {
    createInterface({ input: stream }).on('line', (line) => {
      keep(line)
      wake()
    })
  }
  read(child.stdout, (line) => {
    lines.push(line)
    output.push(line)
  })
  read(child.stderr, (line) => lines.push(line))
  child.on('exit', wake)
  const closed = once(child, 'close').then(() => child.exitCode)

  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null
  const end = async (signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): Promise<number | null> => {
    if (!ended()) {
      const exit = once(child, 'exit')
      child.kill(signal)
      await exit
    }
    return child.exitCode
  }

  return {
    pid: child.pid ?? -1,
    lines,
    output,
    ended: closed,
    jsonLine<T>(wanted: (value: Record<string, unknown>) => boolean, timeoutMs = 30_000) {
      const { promise, resolve, reject } = Promise.withResolvers<T>()
      const tell = (what: string): void => reject(new Error(`${script} ${what}:\n${lines.slice(-40).join('\n')}`))
      const timer = setTimeout(() => tell(`wrote no such line within ${timeoutMs} ms`), timeoutMs)
      const look = (): void => {
        const found = output.map(parse).find((value) => value !== null && wanted(value))
        if (found) resolve(found as T)
        else if (ended()) tell(`ended with ${child.exitCode ?? child.signalCode}`)
      }
      waiting.add(look)
      look()
      return promise.finally(() => {
        clearTimeout(timer)
        waiting.delete(look)
      })
    },
    end,
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL')
    },
  }
}

function parse(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return null
  }
}
