import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { expect, it } from 'vitest'
import type { Caller } from './caller.ts'
import { createEventStream, formatPositions, POSITIONS_PATTERN, parsePositions } from './event-stream.ts'

const CALLER: Caller = {
  tenantId: 't_1',
  scopes: ['read'],
  pageIds: null,
  requester: { kind: 'api_key', id: 'k' },
  credential: { keyHash: 'h', expiresMs: null },
}

function record(partition: number, offset: number, more: object = {}): StoredRecord {
  const change = { type: 'page.updated', tenant_id: 't_1', page_id: 1, ...more }
  return {
    topic: 't',
    partition,
    offset,
    timestampMs: 0,
    key: 'k',
    value: Buffer.from(JSON.stringify(change)),
    headers: {},
  }
}

/** A client that takes `takes` bytes and leaves the rest lying. */
function sinkThatTakes(takes: number) {
  let written = ''
  let hasEnded = false
  return {
    write: (text: string) => {
      written += text
    },
    waitingBytes: () => Math.max(0, written.length - takes),
    end: () => {
      hasEnded = true
    },
    text: () => written,
    hasEnded: () => hasEnded,
  }
}

it('names where it stands with each event, and passes over what it gave already', () => {
  const sink = sinkThatTakes(Number.POSITIVE_INFINITY)
  const stream = createEventStream(CALLER, new Map([[0, 5]]), sink)
  stream.give([record(0, 4), record(0, 5), record(1, 0)])
  stream.give([record(0, 5), record(1, 0), record(1, 1)])
  const ids = [...sink.text().matchAll(/^id: (.*)$/gm)].map(([, id]) => id)
  expect(ids).toEqual(['0:6', '0:6,1:1', '0:6,1:2'])
})

it('moves on past what the caller may not see, so that it is not read again', () => {
  const sink = sinkThatTakes(Number.POSITIVE_INFINITY)
  const stream = createEventStream({ ...CALLER, pageIds: [1] }, new Map(), sink)
  stream.give([record(0, 0, { tenant_id: 't_2' }), record(0, 1, { page_id: 2 })])
  expect(sink.text()).toBe('')
  stream.beat()
  expect(sink.text()).toBe('id: 0:2\n: still here\n\n')
})

it('disconnects whoever leaves too much lying', () => {
  const sink = sinkThatTakes(1_000)
  const stream = createEventStream(CALLER, new Map(), sink)
  const large = { fields: { text: 'x'.repeat(1_000_000) } }
  for (let offset = 0; offset < 3; offset++) stream.give([record(0, offset, large)])
  expect(sink.hasEnded()).toBe(false)
  stream.give([record(0, 3, large), record(0, 4, large)])
  expect(sink.hasEnded()).toBe(true)
})

it('reads the ids that it writes', () => {
  const positions = new Map([
    [0, 12],
    [11, 9_007_199_254],
  ])
  const text = formatPositions(positions)
  expect(text).toMatch(new RegExp(POSITIONS_PATTERN))
  expect(parsePositions(text)).toEqual(positions)
})
