import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RECORD_BYTES_MAX } from '@pagesync/shared/event-log/event-log.ts'
import { messageEventId } from '@pagesync/shared/model/page-event.ts'
import { describe, expect, inject, onTestFinished, test } from 'vitest'
import { type LocalKafka, startLocalKafka } from '../support/engines/local-kafka.ts'
import { eventually } from '../support/eventually.ts'
import { type GatewayBed, type GatewayBedOptions, sign, startGatewayBed, WEBHOOK_PATH } from '../support/gateway-bed.ts'

const PSID = '7123456789012345'
const BODY_BYTES_MAX = 2 * 1024 * 1024

const kafkaUrl = inject('kafkaUrl')
const ENGINES: readonly (readonly [name: string, options: GatewayBedOptions, skip: boolean])[] = [
  ['the embedded event log', {}, false],
  ['Kafka', { eventLogUrl: kafkaUrl }, kafkaUrl === ''],
]

function message(pageId: string, mid: string, text = 'hello'): string {
  return JSON.stringify({
    object: 'page',
    entry: [{ id: pageId, time: 1767868200123, messaging: [messagingItem(pageId, mid, text)] }],
  })
}

function messagingItem(pageId: string, mid: string, text: string) {
  return { sender: { id: PSID }, recipient: { id: pageId }, timestamp: 1767868199876, message: { mid, text } }
}

const idsOf = async (bed: GatewayBed) => (await bed.records()).map((record) => record.headers.ce_id)

describe.each(ENGINES)('the gateway on %s', (_name, options, skip) => {
  const start = () => startGatewayBed(options)

  test.skipIf(skip)('answers EVENT_RECEIVED, and the event is in the topic with its key and headers', async () => {
    await using bed = await start()
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    const answer = await bed.post(message(bed.pageId, 'm_1'), { headers: { traceparent } })
    expect(answer).toMatchObject({ status: 200, text: 'EVENT_RECEIVED' })
    expect(answer.headers['content-type']).toMatch(/^text\/plain/)

    const [record, ...others] = await bed.records()
    expect(others).toEqual([])
    expect(record).toMatchObject({ topic: 'facebook.page-events.v1', key: `${bed.pageId}:${PSID}` })
    const id = messageEventId(bed.pageId, 'facebook.message.received', 'm_1')
    expect(record!.headers).toEqual({
      ce_specversion: '1.0',
      ce_id: id,
      ce_type: 'facebook.message.received',
      ce_source: '/pagesync/webhook-gateway',
      ce_time: '2026-01-08T10:29:59.876Z',
      ce_subject: bed.pageId,
      ce_channel: 'messaging',
      'content-type': 'application/json',
      traceparent,
    })
    expect(JSON.parse(record!.value.toString())).toEqual({
      id,
      type: 'facebook.message.received',
      channel: 'messaging',
      facebook_page_id: bed.pageId,
      psid: PSID,
      mid: 'm_1',
      time_ms: 1767868199876,
      raw: messagingItem(bed.pageId, 'm_1', 'hello'),
    })
  })

  test.skipIf(skip)('whatever was answered with 200 is in the topic, once, in order for each person', async () => {
    await using bed = await start()
    const mids = Array.from({ length: 300 }, (_, i) => `m_${i}`)
    const answers = await Promise.all(
      mids.map((mid) => bed.post(message(bed.pageId, mid, 'x'.repeat(Number(mid.slice(2)) * 10)))),
    )
    expect(answers.map(({ status }) => status)).toEqual(mids.map(() => 200))
    const ids = mids.map((mid) => messageEventId(bed.pageId, 'facebook.message.received', mid))
    expect((await idsOf(bed)).toSorted()).toEqual(ids.toSorted())

    await bed.post(message(bed.pageId, 'm_then'))
    await bed.post(message(bed.pageId, 'm_last'))
    expect((await idsOf(bed)).slice(-2)).toEqual(
      ['m_then', 'm_last'].map((mid) => messageEventId(bed.pageId, 'facebook.message.received', mid)),
    )
  })

  test.skipIf(skip)('a webhook that comes again gives the same ids', async () => {
    await using bed = await start()
    const body = JSON.stringify({
      object: 'page',
      entry: [
        { id: bed.pageId, time: 1767868200123, messaging: [messagingItem(bed.pageId, 'm_1', 'hi')] },
        { id: bed.pageId, time: 1767868200, changes: [{ field: 'parking' }, { field: 'something_new', value: 1 }] },
      ],
    })
    await bed.post(body)
    const once = await idsOf(bed)
    expect(new Set(once).size).toBe(3)
    await bed.post(body)
    expect((await idsOf(bed)).toSorted()).toEqual([...once, ...once].toSorted())
  })

  test.skipIf(skip)('all items of a webhook share one trace', async () => {
    await using bed = await start()
    const items = ['m_1', 'm_2', 'm_3'].map((mid) => messagingItem(bed.pageId, mid, 'hi'))
    await bed.post(JSON.stringify({ object: 'page', entry: [{ id: bed.pageId, time: 1, messaging: items }] }))
    const traces = (await bed.records()).map((record) => record.headers.traceparent)
    expect(traces).toHaveLength(3)
    expect(new Set(traces).size).toBe(1)
    expect(traces[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
  })

  test.skipIf(skip)(
    'an item above the size of a record goes, cut, to the dead letters; its siblings are published',
    async () => {
      await using bed = await start()
      const items = [
        messagingItem(bed.pageId, 'm_before', 'hi'),
        messagingItem(bed.pageId, 'm_large', 'é'.repeat(RECORD_BYTES_MAX / 2 + 100_000)),
        messagingItem(bed.pageId, 'm_after', 'hi'),
      ]
      const body = JSON.stringify({ object: 'page', entry: [{ id: bed.pageId, time: 1, messaging: items }] })
      expect(await bed.post(body)).toMatchObject({ status: 200, text: 'EVENT_RECEIVED' })

      expect(await idsOf(bed)).toEqual(
        ['m_before', 'm_after'].map((mid) => messageEventId(bed.pageId, 'facebook.message.received', mid)),
      )
      const [letter, ...others] = await bed.deadLetters()
      expect(others).toEqual([])
      expect(letter).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        facebook_page_id: bed.pageId,
        key: `${bed.pageId}:${PSID}`,
        payload_cut: true,
        headers: { ce_id: messageEventId(bed.pageId, 'facebook.message.received', 'm_large') },
      })
      expect(letter!.payload_bytes).toBeGreaterThan(RECORD_BYTES_MAX)
      expect(bed.gateway.counters).toMatchObject({ oversize: 1, events_published: 2, accepted: 1 })
    },
  )

  test.skipIf(skip)('2 MiB are taken, one byte more is 413', async () => {
    await using bed = await start()
    const frame = message(bed.pageId, 'm_1', '').length
    const items = Array.from({ length: 10 }, (_, i) => messagingItem(bed.pageId, `m_${i}`, 'x'.repeat(200_000)))
    const large = JSON.stringify({ object: 'page', entry: [{ id: bed.pageId, time: 1, messaging: items }] })
    const full = large.replace('{', `{${' '.repeat(BODY_BYTES_MAX - large.length)}`)
    expect(frame).toBeLessThan(BODY_BYTES_MAX)
    expect(Buffer.byteLength(full)).toBe(BODY_BYTES_MAX)
    expect((await bed.post(full)).status).toBe(200)
    expect(await idsOf(bed)).toHaveLength(10)

    const above = await bed.post(`${full} `)
    expect(above.status).toBe(413)
    expect(above.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(JSON.parse(above.text)).toMatchObject({ success: false, status: 413, code: 'PAYLOAD_TOO_LARGE' })
  })

  test.skipIf(skip)('is ready, and shows each part and what it did', async () => {
    await using bed = await start()
    await bed.post(message(bed.pageId, 'm_1'))
    await bed.post('no json')
    await bed.post('{}', { signature: 'sha256=00' })
    const { status, text } = await bed.get('/readyz')
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({
      status: 'ready',
      parts: {
        event_log: { status: 'up', engine: bed.eventLog.engine },
        store: { status: 'up' },
        webhooks: { status: 'up', accepted: 2, malformed: 1, signature_refused: 1, events_published: 1 },
      },
    })
    expect((await bed.get('/livez')).status).toBe(200)
  })

  test.skipIf(skip)('answers what is in flight before it closes, and nothing is lost', async () => {
    await using bed = await start()
    const posts = Array.from({ length: 50 }, (_, i) =>
      bed.post(message(bed.pageId, `m_${i}`)).then(
        ({ status }) => ({ status, mid: `m_${i}` }),
        () => ({ status: 0, mid: `m_${i}` }),
      ),
    )
    await posts[0]
    await bed.gateway.close()
    const answers = await Promise.all(posts)
    const accepted = answers.filter(({ status }) => status === 200)
    expect(accepted.length).toBeGreaterThan(0)
    const ids = new Set(await idsOf(bed))
    for (const { mid } of accepted) {
      expect(ids.has(messageEventId(bed.pageId, 'facebook.message.received', mid))).toBe(true)
    }
  })
})

describe('without its store', () => {
  test('events are published, what must be kept as a dead letter is asked for again', async () => {
    await using bed = await startGatewayBed({ storeUrl: 'mongodb://127.0.0.1:9/none' })
    expect((await bed.post(message(bed.pageId, 'm_1'))).status).toBe(200)
    const sentAt = performance.now()
    const answer = await bed.post('no json')
    expect(performance.now() - sentAt).toBeLessThan(4_500)
    expect(answer.status).toBe(503)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'STORE_UNAVAILABLE', success: false })
    expect(bed.gateway.counters).toMatchObject({ malformed: 0, unavailable: 1, accepted: 1 })

    const { status, text } = await bed.get('/readyz')
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({
      status: 'ready',
      parts: { event_log: { status: 'up' }, store: { status: 'down' } },
    })
  })
})

describe('while the event log is down', () => {
  test('a closed log is 503 at once, never 200', async () => {
    await using bed = await startGatewayBed()
    await bed.eventLog.close()
    const answer = await bed.post(message(bed.pageId, 'm_1'))
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.text)).toMatchObject({ code: 'EVENT_LOG_UNAVAILABLE' })
    expect(bed.gateway.counters.accepted).toBe(0)
  })

  test('a killed Kafka is 503 within 4 s for everybody, shown by name, and all goes on when it is back', async ({
    skip,
  }) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'pagesync-gateway-kafka-'))
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }))
    let kafka = await ownKafka(dataDir)
    if (typeof kafka === 'string') return skip(kafka)
    onTestFinished(async () => {
      if (typeof kafka !== 'string') await kafka[Symbol.asyncDispose]()
    })
    const { port, url: eventLogUrl } = kafka
    await using bed = await startGatewayBed({ eventLogUrl })
    const run = randomBytes(4).toString('hex')
    expect((await bed.post(message(bed.pageId, `m_${run}_before`))).status).toBe(200)

    process.kill(kafka.pid, 'SIGKILL')
    await kafka.exited
    const answers = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        // One after the other, so that some come while an attempt of others is under way.
        await new Promise((resolve) => setTimeout(resolve, i * 100))
        const sentAt = performance.now()
        const answer = await bed.post(message(bed.pageId, `m_${run}_down_${i}`))
        return { ...answer, tookMs: performance.now() - sentAt }
      }),
    )
    for (const { status, headers, text, tookMs } of answers) {
      expect(status).toBe(503)
      expect(headers['retry-after']).toBeDefined()
      expect(JSON.parse(text)).toMatchObject({ code: 'EVENT_LOG_UNAVAILABLE', status: 503 })
      expect(tookMs).toBeLessThan(4_000)
    }
    const notReady = await bed.get('/readyz')
    expect(notReady.status).toBe(503)
    expect(JSON.parse(notReady.text)).toMatchObject({
      status: 'not_ready',
      parts: { event_log: { status: 'down' }, store: { status: 'up' } },
    })
    expect((await bed.get('/livez')).status).toBe(200)

    kafka = await startLocalKafka({ dataDir, port })
    await eventually(async () => (await bed.post(message(bed.pageId, `m_${run}_after`))).status === 200, 60_000, 500)
    await eventually(async () => (await bed.get('/readyz')).status === 200)
    const ids = new Set(await idsOf(bed))
    for (const name of ['before', 'after'])
      expect(ids).toContain(messageEventId(bed.pageId, 'facebook.message.received', `m_${run}_${name}`))
  })
})

async function ownKafka(dataDir: string): Promise<LocalKafka | string> {
  try {
    return await startLocalKafka({ dataDir })
  } catch (error) {
    if (process.env.CI) throw error
    return `no broker can be started on this machine: ${(error as Error).message}`
  }
}

describe('a request over the wire', () => {
  test('in pieces, without a length and without a content type is verified over all of its bytes', async () => {
    await using bed = await startGatewayBed()
    const body = message(bed.pageId, 'm_1')
    const answer = await fetch(`${bed.origin}${WEBHOOK_PATH}`, {
      method: 'POST',
      headers: { 'x-hub-signature-256': sign(body, bed.secret) },
      body: new ReadableStream({
        start(controller) {
          for (const half of [body.slice(0, 40), body.slice(40)]) controller.enqueue(new TextEncoder().encode(half))
          controller.close()
        },
      }),
      duplex: 'half',
    } as RequestInit)
    expect([answer.status, await answer.text()]).toEqual([200, 'EVENT_RECEIVED'])
  })

  test('above 2 MiB without saying so is 413 too', async () => {
    await using bed = await startGatewayBed()
    const chunk = new Uint8Array(256 * 1024).fill(0x20)
    let sent = 0
    const outcome = await fetch(`${bed.origin}${WEBHOOK_PATH}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` },
      body: new ReadableStream({
        pull(controller) {
          if (sent++ < 12) controller.enqueue(chunk)
          else controller.close()
        },
      }),
      duplex: 'half',
    } as RequestInit).then(
      (answer) => answer.status,
      // The server may hang up while the rest is still being sent.
      () => 413,
    )
    expect(outcome).toBe(413)
    expect(bed.gateway.counters).toMatchObject({ accepted: 0, signature_refused: 0 })
  })
})
