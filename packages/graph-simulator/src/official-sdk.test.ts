import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { startTestSimulator } from './testing/start-simulator.ts'

const SDK = 'facebook-nodejs-business-sdk'

/** Meta's own client, written against the real thing; it ships no types. */
function loadSdk() {
  try {
    return createRequire(import.meta.url)(SDK)
  } catch (error) {
    // Only its absence may be forgiven.
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

const sdk = loadSdk()
if (sdk === undefined) process.stderr.write(`graph-simulator: ${SDK} is not installed, its test is left out\n`)

test.skipIf(sdk === undefined && process.env.CI === undefined)(
  'Meta’s official SDK reads a page, its conversations and their messages',
  async () => {
    await using simulator = await startTestSimulator({
      pages: [{ conversations: { count: 60, doneShare: 0, longShare: 0.05 } }],
    })
    const { FacebookAdsApi, Page, UnifiedThread } = sdk
    // The address is a static getter that every call reads; `false` turns its crash reports to Meta off.
    Object.defineProperty(FacebookAdsApi, 'GRAPH', { configurable: true, get: () => simulator.url })
    FacebookAdsApi.init(simulator.token, 'en_US', false)

    const page = await new Page(simulator.pageId).get(['id', 'name', 'fan_count'])
    expect(page).toMatchObject({ id: simulator.pageId, name: 'Riverside Café', fan_count: expect.any(Number) })

    const readAll = async (cursor: Iterable<{ id: string }> & { hasNext(): boolean; next(): Promise<unknown> }) => {
      const items = [...cursor]
      while (cursor.hasNext()) items.push(...((await cursor.next()) as typeof cursor))
      return items
    }
    const fields = ['id', 'updated_time', 'message_count', 'participants']
    const conversations = await readAll(await page.getConversations(fields, { limit: 25 }))
    expect(new Set(conversations.map(({ id }) => id)).size).toBe(60)

    const long = conversations.find((one) => (one as { message_count?: number }).message_count === 100)
    const messages = await readAll(
      await new UnifiedThread(long!.id).getMessages(['id', 'message', 'from'], { limit: 40 }),
    )
    expect(new Set(messages.map(({ id }) => id)).size).toBe(100)

    await expect(new Page(simulator.pageId).get(['nonsense'])).rejects.toMatchObject({
      name: 'FacebookRequestError',
      status: 400,
    })
  },
)
