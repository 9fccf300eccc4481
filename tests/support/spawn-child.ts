import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { END_WITH_PARENT } from './end-with-parent.ts'

/** A Node process of a file in `children/`, to be killed. */
export interface Child extends AsyncDisposable {
  readonly pid: number
  /** The lines that it has printed so far. */
  readonly lines: string[]
  /** What it has written to standard error, for failure messages. */
  complaints(): string
  /** kill -9, and waits until it is gone. */
  kill(): Promise<void>
}

export function spawnChild(name: string, args: readonly string[]): Child {
  const file = fileURLToPath(new URL(`children/${name}`, import.meta.url))
  const child = spawn(process.execPath, [...END_WITH_PARENT, file, ...args], { stdio: 'pipe' })
  const ended = once(child, 'close')
  const lines: string[] = []
  let rest = ''
  let complaints = ''
  child.stdout.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n')
    // A line that the kill cut short was not said.
    rest = parts.pop()!
    lines.push(...parts)
  })
  child.stderr.on('data', (chunk: Buffer) => {
    complaints += chunk.toString()
  })
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL')
    await ended
  }
  return { pid: child.pid!, lines, complaints: () => complaints, kill, [Symbol.asyncDispose]: kill }
}
