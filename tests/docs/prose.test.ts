import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SKIPPED = /(^|\/)(node_modules|data|\.git|coverage)(\/|$)/

const files = (await readdir(ROOT, { recursive: true })).filter((path) => !SKIPPED.test(path))
const known = new Set(files)
const documents = files.filter((path) => path.endsWith('.md'))
const textOf = (path: string): Promise<string> => readFile(join(ROOT, path), 'utf8')

describe.each(documents)('%s', (path) => {
  test('links to files and headings that are there', async () => {
    const text = await textOf(path)
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
    const broken: string[] = []
    for (const link of links.filter((target) => !/^[a-z]+:/.test(target))) {
      const [file = '', heading] = link.split('#')
      const target = file === '' ? path : join(dirname(path), file).replace(/\/$/, '')
      const isThere = known.has(target) && (heading === undefined || headingsOf(await textOf(target)).has(heading))
      if (!isThere) broken.push(link)
    }
    expect(broken).toEqual([])
  })

  test('names npm scripts that are there, and no line numbers', async () => {
    const text = await textOf(path)
    const { scripts } = JSON.parse(await textOf('package.json')) as { scripts: Record<string, string> }
    const named = [...text.matchAll(/npm run (?:-s )?([a-z:-]+)/g)].map(([, script]) => script!)
    expect(named.filter((script) => !(script in scripts))).toEqual([])
    expect(text.match(/\b[\w-]+\.(ts|sh|json):\d+/g)).toBeNull()
  })
})

/** As GitHub makes them: `## Who may do what` → `who-may-do-what`. */
function headingsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => heading!)
  return new Set(
    headings.map((each) =>
      each
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

describe('ARCHITECTURE.md', () => {
  test('names files and folders that are there', async () => {
    const text = await textOf('ARCHITECTURE.md')
    const roots = ['', 'packages/', ...['webhook-gateway', 'sync-worker', 'api'].map((name) => `services/${name}/src/`)]
    const named = [...text.matchAll(/`([a-z][\w./*-]*\/[\w./*-]+)`/g)].map(([, name]) => name!)
    expect(named.length).toBeGreaterThan(30)
    expect(named.filter((name) => !roots.some((root) => isNamed(`${root}${name}`)))).toEqual([])
  })

  test('is at most three pages', async () => {
    const text = await textOf('ARCHITECTURE.md')
    expect(text.split(/\s+/).length).toBeLessThan(1800)
  })
})

/** A path with or without its `.ts`; `*` stands for any rest of a name. */
function isNamed(name: string): boolean {
  const prefix = name.replace(/\/?\*$/, '')
  if (prefix !== name) return files.some((path) => path.startsWith(prefix))
  return ['', '.ts', '.json', '.md'].some((ending) => known.has(`${name.replace(/\/$/, '')}${ending}`))
}
