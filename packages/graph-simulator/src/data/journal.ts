import { appendFileSync, existsSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** One change of a page: which part of it, which of its methods, with which arguments. */
export interface JournalEntry {
  readonly page: string
  readonly part: 'store' | 'labels' | 'page'
  readonly method: string
  readonly args: readonly unknown[]
}

export interface Journal {
  /** Time that the generated history ends at: the one of the first start, so that it stays the same history. */
  readonly epoch: number
  /** What changed in earlier runs. */
  readonly entries: readonly JournalEntry[]
  record(entry: JournalEntry): void
  /** Forgets everything; the history begins anew. */
  clear(): void
}

interface Header {
  readonly journal: 1
  readonly seed: number
  readonly epoch: number
}

/**
 * A file with all that changed on the simulated Facebook, so that a demonstration started again goes on where it was.
 * Without it a second run would give the same message ids to other messages. Lines are written at once: this is
 * for demonstrations, not for load.
 */
export function openJournal(file: string, seed: number, now: number): Journal {
  const begin = (): Header => {
    const header: Header = { journal: 1, seed, epoch: now }
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, `${JSON.stringify(header)}\n`)
    return header
  }
  const found = existsSync(file) ? readJournal(file) : undefined
  if (found !== undefined && found.header.seed !== seed) {
    throw new Error(
      `The journal ${file} was made with seed ${found.header.seed}, not ${seed}: take that seed or another file`,
    )
  }
  const { header, entries } = found ?? { header: begin(), entries: [] }
  return {
    epoch: header.epoch,
    entries,
    record: (entry) => appendFileSync(file, `${JSON.stringify(entry)}\n`),
    clear: () => void begin(),
  }
}

function readJournal(file: string): { header: Header; entries: JournalEntry[] } | undefined {
  const text = readFileSync(file, 'utf8')
  // A line that was being written when the process died has no end; what it says never happened.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) truncateSync(file, Buffer.byteLength(whole))
  const [first, ...lines] = whole.split('\n').filter((line) => line !== '')
  if (first === undefined) return undefined
  try {
    const header = JSON.parse(first) as Header
    if (header.journal !== 1) throw new SyntaxError('it is something else')
    return { header, entries: lines.map((line) => JSON.parse(line) as JournalEntry) }
  } catch (error) {
    throw new Error(`${file} is not a journal of the simulator: ${(error as Error).message}`, { cause: error })
  }
}

/** The same object, telling of every call of the named methods. */
export function recorded<Target extends object>(
  target: Target,
  methods: readonly (keyof Target & string)[],
  tell: (method: string, args: readonly unknown[]) => void,
): Target {
  const told = methods.map((name) => {
    const method = target[name] as (...args: unknown[]) => unknown
    const telling = (...args: unknown[]) => {
      tell(name, args)
      // On the target itself: what a method calls of its own is part of it and not told again.
      return method.apply(target, args)
    }
    return [name, telling] as const
  })
  return { ...target, ...Object.fromEntries(told) }
}

/** Does again what an entry tells. */
export function replay(target: object, { method, args }: JournalEntry) {
  const again = (target as Record<string, unknown>)[method]
  // JSON knows no undefined; none of the methods takes null.
  if (typeof again === 'function')
    again.apply(
      target,
      args.map((arg) => arg ?? undefined),
    )
}
