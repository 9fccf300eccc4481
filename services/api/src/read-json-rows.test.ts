import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJsonRows } from './read-json-rows.ts'

const LIMITS = { member: 'faqs', bytesMax: 1_000_000 }

/** In chunks of so many bytes. */
async function* chunks(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size)
}

async function read(text: string, size?: number, limits = LIMITS): Promise<unknown[]> {
  const rows: unknown[] = []
  for await (const some of readJsonRows(chunks(text, size), limits)) rows.push(...some)
  return rows
}

describe('rows of a body', () => {
  it('are what JSON.parse would give, however the body is cut', async () => {
    const cases = fc.tuple(fc.array(fc.jsonValue({ maxDepth: 5 })), fc.integer({ min: 1, max: 50 }), fc.boolean())
    await fc.assert(
      fc.asyncProperty(cases, async ([faqs, size, isSpaced]) => {
        const text = JSON.stringify({ faqs }, null, isSpaced ? 2 : 0)
        expect(await read(text, size)).toEqual(JSON.parse(text).faqs)
      }),
    )
  })

  it('come as they arrive, and no more of them are held', async () => {
    const sizes: number[] = []
    const text = JSON.stringify({ faqs: Array.from({ length: 1_000 }, (_, i) => ({ i })) })
    for await (const some of readJsonRows(chunks(text, 100), LIMITS)) sizes.push(some.length)
    expect(sizes.length).toBeGreaterThan(50)
    expect(Math.max(...sizes)).toBeLessThan(20)
  })

  it.each([
    ['', '/'],
    ['[]', '/'],
    ['"faqs"', '/'],
    ['{}', '/faqs'],
    ['{"faqs": {}}', '/faqs'],
    ['{"faqs": null}', '/faqs'],
    ['{"faqs": "x"}', '/faqs'],
    ['{"faqs": [1], "faqs": [2]}', '/faqs'],
    ['{"a/b": 1, "faqs": []}', '/a~1b'],
    ['{"faqs": [1], "__proto__": []}', '/__proto__'],
    ['{"faqs": [1', '/'],
    ['{"faqs": [{"question": "x', '/'],
    ['{"faqs": [1,]}', '/'],
    ['{"faqs": [1]} {', '/'],
    [`{"faqs": ${'['.repeat(50)}`, '/faqs'],
  ])('of %s are refused, and it is said where', async (text, path) => {
    await expect(read(text)).rejects.toMatchObject({ code: 'VALIDATION_FAILED', problems: [{ path }] })
  })

  it('are refused where there are too many bytes', async () => {
    await expect(read('{"faqs": [1, 2]}', 7, { ...LIMITS, bytesMax: 10 })).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    })
  })
})
