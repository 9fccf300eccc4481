import { type NodeProcess, spawnNode } from '../../tests/support/spawn-node.ts'
import { call } from '../../tests/support/system.ts'
import { type BedOptions, type CommandsBed, openCommandsBed } from '../commands/commands-bed.ts'

/** A person who wrote to a page within the last hour. */
export interface Customer {
  readonly pageId: number
  readonly facebookPageId: string
  readonly psid: string
}

/** All services as processes of their own, each page with a rule that answers everything, at once and always. */
export interface ReplyBed extends AsyncDisposable {
  readonly webhookUrl: string
  readonly appSecret: string
  readonly controlUrl: string
  /** Neighbours in the list are of different pages. */
  readonly customers: readonly Customer[]
  readonly processes: Readonly<Record<string, NodeProcess>>
}

/** A send whose answer was lost is settled, or made again, after this. */
export const SEND_ECHO_SECONDS = 5

export async function openReplyBed(options: BedOptions): Promise<ReplyBed> {
  await using opened = new AsyncDisposableStack()
  const bed = opened.use(await openCommandsBed({ ...options, sendEchoSeconds: SEND_ECHO_SECONDS }))
  const gateway = spawnNode('services/webhook-gateway/src/main.ts', {
    ...bed.environment,
    FB_VERIFY_TOKEN: 'verify-token-of-the-benchmark',
    GATEWAY_PORT: '0',
    GATEWAY_HOST: '127.0.0.1',
  })
  opened.defer(async () => void (await gateway.end('SIGTERM')))
  const { url } = await gateway.jsonLine<{ url: string }>(({ msg }) => msg === 'listening')
  const webhookUrl = `${url}/api/facebook/webhook`
  // Echoes come back as they do from Facebook.
  await call(`${bed.controlUrl}/app`, 'PUT', { body: { webhook_url: webhookUrl } })
  const customers = await prepare(bed)
  const all = opened.move()
  return {
    webhookUrl,
    appSecret: bed.environment.FB_APP_SECRET,
    controlUrl: bed.controlUrl,
    customers,
    processes: { gateway, ...bed.processes },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

async function prepare(bed: CommandsBed): Promise<Customer[]> {
  const ask = async (method: 'GET' | 'POST', path: string, body?: unknown) => {
    const headers = { authorization: `Bearer ${bed.apiKey}` }
    const answer = await call(`${bed.apiUrl}/api/facebook${path}`, method, { headers, body })
    if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  const { pages } = await ask('GET', '/pages?limit=200')
  const ofPages: Customer[][] = []
  for (const { id, facebook_page_id } of pages) {
    const rule = { name: 'Greeting', type: 'instant_reply', config: { cooldown_minutes: 0 } }
    const { automation } = await ask('POST', `/pages/${id}/automations`, rule)
    const reply = { trigger: 'new_message', message: 'Thank you, we will answer in a moment.' }
    await ask('POST', `/automations/${automation.id}/instant-replies`, reply)
    const { conversations } = await ask('GET', `/pages/${id}/conversations?limit=200`)
    ofPages.push(
      conversations.map(({ participant }: { participant: { facebook_id: string } }) => ({
        pageId: id,
        facebookPageId: facebook_page_id,
        psid: participant.facebook_id,
      })),
    )
  }
  const longest = Math.max(...ofPages.map(({ length }) => length))
  return Array.from({ length: longest }, (_, i) => ofPages.flatMap((customers) => customers[i] ?? [])).flat()
}
