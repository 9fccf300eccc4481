import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { foldSlowly, foldText } from './fold-text.ts'

describe('what people write differently and mean alike is the same', () => {
  test.each([
    ['Crème BRÛLÉE', 'creme brulee'],
    ['Cre\u0300me', 'creme'],
    ['Straße ﬁn', 'strasse fin'],
    ['Đặt HÀNG', 'dat hang'],
    ['ΣΊΣΥΦΟΣ', 'σισυφοσ'],
    ['Ёлка', 'елка'],
    ['İstanbul', 'istanbul'],
    ['مَرْحَبًا', 'مرحبا'],
    ['ＰＲＩＣＥ １２', 'price 12'],
    ['ｶﾞ', 'ガ'],
    ['១២៣ ๔๕', '123 45'],
    ['តម្លៃ\u200bប៉ុន្មាន', 'តម្លៃប៉ុន្មាន'],
    ['นํ้า', 'น้ำ'],
    ['  what\n is\u00a0it ', 'what is it'],
    ['don’t', "don't"],
    ['❤️', '❤'],
  ])('%j is %j', (text, folded) => {
    expect(foldText(text)).toBe(folded)
  })
})

test.each(['តម្លៃប៉ុន្មាន', 'ค่าส่งเท่าไหร่คะ', 'कीमत क्या है', 'が', 'мой', 'їжак', '가격', '价格'])(
  'the marks and letters of %s stay',
  (text) => {
    expect(foldText(text)).toBe(text)
  },
)

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom(
      ...'aÉß ıİΣς\u0301\u0306\u0308иіуЙ\u0e4d\u0e48\u0e32\u0e33\u0e38\u200b\u200d\u17d2ក\ufe0f가\u1100\u1161\u11a8がｶﾞ①ﬁ１٣\u0640',
    ),
  }),
)

test('each character alone folds as the whole text does', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(foldText(text)).toBe(foldSlowly(text))
    }),
    { numRuns: 3_000 },
  )
})

test('folding twice changes nothing', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(foldText(foldText(text))).toBe(foldText(text))
    }),
    { numRuns: 3_000 },
  )
})
