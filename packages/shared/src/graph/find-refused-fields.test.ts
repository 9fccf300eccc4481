import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AppError } from '../errors/app-error.ts'
import { graphError } from './classify-graph-error.ts'
import { findRefusedFields, mayBeForFields } from './find-refused-fields.ts'
import {
  CONVERSATION_FIELDS,
  fieldsText,
  type GraphField,
  MESSAGE_FIELDS,
  nestedMessages,
  pathsIn,
  plainFields,
  withoutPaths,
} from './graph-fields.ts'

const LISTING: readonly GraphField[] = [...CONVERSATION_FIELDS, nestedMessages(25)]

/** Facebook to somebody who may not see some fields: fails with the first of them, naming it or not. */
function facebook(refused: readonly string[], say: (path: string) => string) {
  const calls: (readonly GraphField[])[] = []
  const call = async (fields: readonly GraphField[]): Promise<string> => {
    calls.push(fields)
    const asked = pathsIn(fields)
    const bad = refused.find((path) => asked.includes(path))
    if (bad === undefined) return fieldsText(fields)
    throw graphError({ code: 100, message: say(bad) }, { httpStatus: 400 })
  }
  return { calls, call }
}

const naming = (path: string): string =>
  `(#100) Tried accessing nonexisting field (${path.split('.').at(-1)}) on node type (UnifiedThread)`
const silent = (): string => 'Ungültiger Parameter'

async function find(fields: readonly GraphField[], refused: readonly string[], say: (path: string) => string = naming) {
  const { calls, call } = facebook(refused, say)
  const first: AppError = await call(fields).catch((error) => error)
  const found = await findRefusedFields(fields, first, call)
  return { found, calls: calls.length - 1 }
}

describe('refused fields', () => {
  test('that the message names cost one more call', async () => {
    const { found, calls } = await find(plainFields(['name', 'about', 'fan_count', 'phone']), ['fan_count'])
    expect(found).toEqual({ refused: ['fan_count'], value: 'id,name,about,phone' })
    expect(calls).toBe(1)
  })

  test.each(['unread_count', 'participants', 'messages.sticker', 'messages.reactions', 'messages.shares.link'])(
    'are found without a name in the message, too: %s',
    async (path) => {
      const { found, calls } = await find(LISTING, [path], silent)
      expect(found?.refused).toEqual([path])
      expect(found?.value).toBe(fieldsText(withoutPaths(LISTING, new Set([path]))))
      expect(calls).toBeLessThanOrEqual(15)
    },
  )

  test('may be several, named one after the other', async () => {
    const { found, calls } = await find(LISTING, ['can_reply', 'snippet', 'messages.shares'])
    expect(new Set(found?.refused)).toEqual(new Set(['can_reply', 'snippet', 'messages.shares']))
    expect(calls).toBeLessThanOrEqual(8)
  })

  test('may be several without names', async () => {
    const { found, calls } = await find(LISTING, ['can_reply', 'messages.sticker', 'messages.reactions'], silent)
    expect(new Set(found?.refused)).toEqual(new Set(['can_reply', 'messages.sticker', 'messages.reactions']))
    expect(calls).toBeLessThanOrEqual(25)
  })

  test('may be a field with all that is in it', async () => {
    for (const say of [naming, silent]) {
      expect((await find(LISTING, ['messages'], say)).found?.refused).toEqual(['messages'])
      expect((await find(LISTING, ['messages.attachments'], say)).found?.refused).toEqual(['messages.attachments'])
    }
  })

  test('within a field that the message names cost only themselves', async () => {
    const say = () => 'You need permission to see the (messages) of this thread'
    const { found } = await find(LISTING, ['messages.sticker'], say)
    expect(found?.refused).toEqual(['messages.sticker'])
  })

  test('are not those that a message merely mentions', async () => {
    const say = () => "(#10) To use 'about' and 'phone', the name of your category must be reviewed"
    const { found } = await find(
      plainFields(['name', 'category', 'about', 'phone', 'website', 'fan_count']),
      ['fan_count'],
      say,
    )
    expect(found?.refused).toEqual(['fan_count'])
  })

  test('that share their name with another are told apart', async () => {
    const { found } = await find(MESSAGE_FIELDS, ['shares.name'])
    expect(found?.refused).toEqual(['shares.name'])
  })

  test('are none where the call fails without any field', async () => {
    const calls: string[] = []
    const call = async (fields: readonly GraphField[]) => {
      calls.push(fieldsText(fields))
      throw graphError({ code: 200, message: 'Requires pages_messaging permission' }, { httpStatus: 403 })
    }
    const first = await call(LISTING).catch((error) => error)
    expect(await findRefusedFields(LISTING, first, call)).toBeUndefined()
    expect(calls.slice(1)).toEqual(['id'])
  })

  test('are looked for no further when the calls fail for another reason', async () => {
    const dead = graphError({ code: 190 }, { httpStatus: 400 })
    const first = graphError({ code: 100, message: '(snippet)' }, { httpStatus: 400 })
    const call = async () => {
      throw dead
    }
    await expect(findRefusedFields(LISTING, first, call)).rejects.toBe(dead)
  })

  test('cost a bounded number of calls, however many there are', async () => {
    const all = pathsIn(LISTING).filter((path) => !path.endsWith('id') && path !== 'messages')
    const { found, calls } = await find(LISTING, all, silent)
    expect(calls).toBeLessThanOrEqual(26)
    expect(found?.value).toMatch(/^id/)
  })

  test('whichever they are, are found exactly, and the rest is asked for', async () => {
    const paths = pathsIn(LISTING).filter((path) => !path.endsWith('.id') && path !== 'id')
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom(...paths), { minLength: 1, maxLength: 2 }),
        fc.boolean(),
        async (refused, named) => {
          const { found } = await find(LISTING, refused, named ? naming : silent)
          const outermost = refused.filter((path) => !refused.some((other) => path.startsWith(`${other}.`)))
          expect(found?.value).toBe(fieldsText(withoutPaths(LISTING, new Set(outermost))))
          expect(new Set(found?.refused)).toEqual(new Set(outermost))
        },
      ),
      { numRuns: 300 },
    )
  })
})

test('only refusals that may be for a field are looked into', () => {
  const of = (code: number, error_subcode?: number) =>
    mayBeForFields(graphError({ code, ...(error_subcode ? { error_subcode } : {}) }, { httpStatus: 400 }))
  expect([of(100), of(200), of(10), of(100, 4711)]).toEqual([true, true, true, true])
  expect([of(100, 33), of(100, 2018001), of(200, 1545041), of(10, 2018278), of(10, 1893063)]).toEqual(
    Array(5).fill(false),
  )
  expect([of(190), of(1), of(230), of(613), of(2642)]).toEqual(Array(5).fill(false))
  expect(mayBeForFields(new Error('no'))).toBe(false)
})
