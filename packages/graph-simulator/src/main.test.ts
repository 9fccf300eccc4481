import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url))

interface Run {
  readonly child: ChildProcess
  readonly firstLine: Promise<string>
  readonly ended: Promise<{ code: number | null; stdout: string; stderr: string }>
}

function run(environment: Record<string, string>): Run {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...environment, PATH: process.env.PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('exit', (code) => resolve({ code, stdout, stderr }))
  })
  const firstLine = new Promise<string>((resolve) => {
    child.stdout!.on('data', (chunk) => {
      stdout += chunk
      if (stdout.includes('\n')) resolve(stdout.split('\n')[0]!)
    })
  })
  child.stderr!.on('data', (chunk) => {
    stderr += chunk
  })
  return { child, firstLine, ended }
}

test.each(['SIGTERM', 'SIGINT'] as const)(
  'it prints one JSON line when ready, serves, and ends on %s at once',
  async (signal) => {
    const { child, firstLine, ended } = run({
      SIMULATOR_PORT: '0',
      SIMULATOR_CONVERSATIONS: '12',
      FB_APP_ID: '99',
      FB_APP_SECRET: 'secret-99',
      FB_VERIFY_TOKEN: 'v',
    })
    const ready = JSON.parse(await firstLine)
    expect(ready).toMatchObject({
      ready: true,
      app_id: '99',
      app_secret: 'secret-99',
      verify_token: 'v',
      pages: [{ facebook_page_id: expect.any(String) }],
    })
    const [page] = ready.pages
    const answer = await fetch(`${ready.url}/v26.0/${page.facebook_page_id}/conversations?limit=100`, {
      headers: { authorization: `Bearer ${page.access_token}` },
    })
    expect(((await answer.json()) as { data: unknown[] }).data.length).toBeGreaterThan(8)
    child.kill(signal)
    const { code, stdout } = await ended
    expect(code).toBe(0)
    expect(stdout.trim().split('\n')).toHaveLength(1)
  },
)

test('a wrong environment is told with all its problems at once', async () => {
  const { ended } = run({
    SIMULATOR_PORT: 'http',
    SIMULATOR_DONE_SHARE: '7',
    WEBHOOK_URL: 'nowhere',
    FB_APP_ID: 'x',
    SIMULATOR_EPOCH: 'soon',
  })
  const { code, stdout, stderr } = await ended
  expect([code, stdout]).toEqual([1, ''])
  for (const name of ['SIMULATOR_PORT', 'SIMULATOR_DONE_SHARE', 'WEBHOOK_URL', 'FB_APP_ID', 'SIMULATOR_EPOCH'])
    expect(stderr).toContain(name)
})
