import { createHmac, randomBytes, randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EventLog, StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { listen } from '@pagesync/shared/http/create-server.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { DEAD_LETTERS, type DeadLetterRow } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { createGateway, type Gateway } from '@pagesync/webhook-gateway/create-gateway.ts'
import { createLateDeadLetters } from '@pagesync/webhook-gateway/late-dead-letters.ts'
import { SOURCE } from '@pagesync/webhook-gateway/to-record.ts'
import { request } from 'undici'
import { eventually } from './eventually.ts'

export const WEBHOOK_PATH = '/api/facebook/webhook'
/** As the end-to-end tests have it: the topics of a shared Kafka are made once. */
const PARTITIONS = 6

export interface TextAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** The gateway alone, listening on a free port, with its engines at hand. */
export interface GatewayBed extends AsyncDisposable {
  readonly gateway: Gateway
  readonly origin: string
  readonly eventLog: EventLog
  readonly secret: string
  readonly verifyToken: string
  /** Pages of no other test: a topic is shared. */
  readonly pageId: string
  /** As Facebook posts it; signed with the secret unless `signature` is given. */
  post(body: string | Buffer, options?: PostOptions): Promise<TextAnswer>
  get(path: string): Promise<TextAnswer>
  /** All records of `pageId` that are in the topic by now. */
  records(): Promise<StoredRecord[]>
  deadLetters(): Promise<DeadLetterRow[]>
}

export interface PostOptions {
  /** Null leaves the header out. */
  readonly signature?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

export interface GatewayBedOptions {
  /** Default: an embedded one in a folder of its own. */
  readonly eventLogUrl?: string
  readonly storeUrl?: string
  readonly previousSecret?: string
}

export async function startGatewayBed(options: GatewayBedOptions = {}): Promise<GatewayBed> {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-gateway-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const logger = createLogger({ service: 'webhook-gateway', level: process.env.TEST_LOG_LEVEL ?? 'silent' })
  const { eventLogUrl = `embedded:${folder}`, storeUrl = `embedded:${folder}`, previousSecret } = options
  const eventLog = opened.use(await openEventLog(eventLogUrl, { clientId: 'gateway-test', logger }))
  await eventLog.ensureTopics(topicDefinitions(PARTITIONS))
  let store: Store | undefined
  const openOurStore = async () => {
    store = await openStore(storeUrl)
    return store
  }
  const deadLetters = opened.use(createLateDeadLetters(openOurStore, eventLog, SOURCE))
  const secret = randomBytes(16).toString('hex')
  const verifyToken = randomBytes(16).toString('hex')
  const gateway = opened.use(
    await createGateway({
      config: { FB_APP_SECRET: secret, FB_APP_SECRET_PREVIOUS: previousSecret, FB_VERIFY_TOKEN: verifyToken },
      logger,
      eventLog,
      deadLetters,
      pingStore: (timeoutMs) => deadLetters.pingStore(timeoutMs),
      clock: systemClock,
    }),
  )
  const origin = await listen(gateway.app, 0, '127.0.0.1')
  const pageId = String(randomInt(10 ** 11, 10 ** 12))
  const watched = opened.use(await watchPage(eventLog, pageId))
  const all = opened.move()
  return {
    gateway,
    origin,
    eventLog,
    secret,
    verifyToken,
    pageId,
    post: (body, { signature = sign(body, secret), headers = {} } = {}) =>
      ask(`${origin}${WEBHOOK_PATH}`, 'POST', {
        body,
        headers: {
          'content-type': 'application/json',
          ...(signature === null ? {} : { 'x-hub-signature-256': signature }),
          ...headers,
        },
      }),
    get: (path) => ask(`${origin}${path}`, 'GET'),
    records: watched.records,
    deadLetters: async () => {
      await deadLetters.pingStore(2_000)
      return (await store?.collection(DEAD_LETTERS).find({ index: '_id', limit: 1000 })) ?? []
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** With Node's own HMAC, not with the function under test. */
export function sign(body: string | Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

async function ask(
  url: string,
  method: 'GET' | 'POST',
  options: { body?: string | Buffer; headers?: Record<string, string> } = {},
): Promise<TextAnswer> {
  const { body = null, headers = {} } = options
  const answer = await request(url, { method, body, headers })
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
}

/** Enough keys to reach every partition of a topic of a dozen or two. */
const MARKERS = 300

/**
 * Reads the topic from now on, beside the gateway. A shared topic is never read from its beginning: a benchmark may
 * have left millions of records in it.
 */
async function watchPage(eventLog: EventLog, pageId: string) {
  const found: StoredRecord[] = []
  const marks = new Set<string>()
  const tail = await eventLog.tail({
    topic: TOPICS.pageEvents,
    from: 'now',
    handle: (records) => {
      for (const record of records) {
        if (record.headers.ce_subject === pageId) found.push(record)
        if (record.headers.marker_of === pageId) marks.add(record.key)
      }
    },
  })
  /** A marker behind whatever a partition has now: when all are here, so is everything before them. */
  const records = async (): Promise<StoredRecord[]> => {
    const mark = randomBytes(4).toString('hex')
    const keys = Array.from({ length: MARKERS }, (_, i) => `marker-${mark}-${i}`)
    const markers = keys.map((key) => ({ key, value: '{}', headers: { marker_of: pageId } }))
    await eventLog.publish(TOPICS.pageEvents, markers)
    await eventually(() => keys.every((key) => marks.has(key)), 30_000)
    return [...found]
  }
  return { records, [Symbol.asyncDispose]: () => tail.close() }
}
