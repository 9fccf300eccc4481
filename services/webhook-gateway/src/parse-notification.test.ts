import { describe, expect, test } from 'vitest'
import { parseNotification } from './parse-notification.ts'

const parse = (text: string) => parseNotification(Buffer.from(text))

describe('parseNotification', () => {
  test('reads what Facebook escapes', () => {
    expect(parse(String.raw`{"text":"a\/b \u00e9 \ud83d\ude00 \u003C"}`)).toEqual({ text: 'a/b é 😀 <' })
  })

  test('keeps every digit of ids that no double holds', () => {
    expect(parse('{"id":98765432109876543,"sender":{"id": -98765432109876543210 }}')).toEqual({
      id: '98765432109876543',
      sender: { id: '-98765432109876543210' },
    })
  })

  test('leaves numbers that a double holds, fractions and quoted digits as they are', () => {
    const text =
      '{"a":9007199254740991,"b":1767868199876,"c":11.556377911111111,"d":"12345678901234567890","e":[12345678901234567890.5]}'
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  test.each(['', '{', '{"a":1}x', 'undefined', "{'a':1}", '\uFEFF{}'])('refuses %j with a SyntaxError', (text) => {
    expect(() => parse(text)).toThrow(SyntaxError)
  })

  test('refuses bytes that are not UTF-8 instead of putting marks in their place', () => {
    expect(() => parseNotification(Buffer.from([0x22, 0xc3, 0x28, 0x22]))).toThrow(SyntaxError)
  })

  test('a key named __proto__ stays a key', () => {
    const parsed = parse('{"__proto__":{"polluted":true}}') as object
    expect(Object.keys(parsed)).toEqual(['__proto__'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })
})
