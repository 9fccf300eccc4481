import { describe, expect, test } from 'vitest'
import { compileRules } from './compile-rules.ts'
import type { MatchType } from './custom-keyword.ts'
import { decide } from './decide.ts'
import { automation, contextOf, keyword, messageOf, pageRules } from './testing/rule-samples.ts'

function matches(text: string, word: string, type: MatchType = 'contains'): boolean {
  const rules = compileRules(
    pageRules({ automations: [automation(1, 'custom_keyword')], keywords: [keyword(7, word, type)] }),
  )
  return decide(rules, messageOf(text), contextOf()).action !== null
}

describe('words are matched whole', () => {
  test.each([
    ['what is the PRICE?', 'price'],
    ['prix élevé', 'eleve'],
    ['price/list', 'price'],
    ['opening hours, please', 'Opening  Hours'],
    ["l'adresse svp", 'adresse'],
    ['c++ course', 'c++'],
    ['👍 thanks', '👍'],
    ['👍price', 'price'],
    ['price👍', 'price'],
    ['Giá bao nhiêu', 'gia'],
    ['сколько стоит доставка?', 'Доставка'],
    ['가격은 얼마예요', '가격'],
    ['बताइए कीमत क्या है', 'कीमत'],
  ])('%j holds %j', (text, word) => {
    expect(matches(text, word)).toBe(true)
  })

  test.each([
    ['this', 'hi'],
    ['pricey', 'price'],
    ['overprice', 'price'],
    ['कीमती', 'कीमत'],
    ['이가격은', '가격'],
    ['15', '5'],
  ])('%j does not hold %j', (text, word) => {
    expect(matches(text, word)).toBe(false)
  })
})

describe('words are found where none is set apart by blanks', () => {
  test.each([
    // Khmer: price, delivery, hello; with and without U+200B between the words.
    ['អាវនេះតម្លៃប៉ុន្មានបង', 'តម្លៃ'],
    ['អាវនេះ\u200bតម្លៃ\u200bប៉ុន្មាន', 'តម្លៃ'],
    ['មានដឹកជញ្ជូនទៅភ្នំពេញទេ', 'ដឹកជញ្ជូន'],
    ['សួស្តីបង', 'សួស្តី'],
    // Thai: price, shipping cost.
    ['ขอทราบราคาสินค้าหน่อยค่ะ', 'ราคา'],
    ['ค่าส่งเท่าไหร่', 'ค่าส่ง'],
    ['ราคา100บาท', 'ราคา'],
    // Chinese: price, how much, business hours, delivery fee (two words of the dictionary).
    ['请问价格是多少', '价格'],
    ['这个多少钱', '多少'],
    ['你们的营业时间是几点', '营业时间'],
    ['配送费怎么算', '配送费'],
    ['iPhone价格', '价格'],
    // Japanese: postage, business hours. Lao: price. Burmese: price.
    ['送料はいくらですか', '送料'],
    ['営業時間は何時までですか', '営業時間'],
    ['ລາຄາເທົ່າໃດ', 'ລາຄາ'],
    ['ဈေးဘယ်လောက်လဲ', 'ဈေး'],
  ])('%s holds %s', (text, word) => {
    expect(matches(text, word)).toBe(true)
  })

  test.each([
    // Thai: medicine within "try", eye within "name day".
    ['พยายาม', 'ยา'],
    // Chinese: kimono within "products and services". Japanese: Kyoto within "Tokyo-to".
    ['产品和服务', '和服'],
    ['東京都に住んでいます', '京都'],
    // Khmer: a consonant without the one that stands below it; Thai: without its vowel.
    ['ស្តី', 'ស'],
    ['ที่', 'ท'],
  ])('%s does not hold %s', (text, word) => {
    expect(matches(text, word)).toBe(false)
  })
})

describe('the place of the match', () => {
  test.each<[MatchType, string, string, boolean]>([
    ['exact', ' ¿PRECIO? ', 'precio', true],
    ['exact', 'precio total', 'precio', false],
    ['exact', '?', '?', true],
    ['exact', 'តម្លៃ?', 'តម្លៃ', true],
    ['starts_with', 'price of this', 'price', true],
    ['starts_with', 'prices', 'price', false],
    ['starts_with', 'the price', 'price', false],
    ['starts_with', '"Hi" there', 'hi', true],
    ['starts_with', 'ราคาเท่าไหร่', 'ราคา', true],
    ['ends_with', 'what is the price??', 'price', true],
    ['ends_with', 'price of this', 'price', false],
    ['ends_with', 'តម្លៃប៉ុន្មាន', 'ប៉ុន្មាន', true],
  ])('%s: %j and %j is %j', (type, text, word, expected) => {
    expect(matches(text, word, type)).toBe(expected)
  })

  test('the end of a text that is too long to be judged is not known', () => {
    expect(matches(`${'x '.repeat(999)}y price`, 'price', 'ends_with')).toBe(false)
    expect(matches(`${'x '.repeat(996)}y price`, 'price', 'ends_with')).toBe(true)
  })
})

describe('regular expressions', () => {
  test.each([
    ['Order #12345', 'order\\s*#?\\d{4,}', true],
    ['Où est ma COMMANDE', '^ou .*commandé$', true],
    ['order 12', 'order\\s*#?\\d{4,}', false],
    ['ราคาเท่าไหร่', 'ราคา|เท่าไร', true],
    // What folding changes in the text it changes in the pattern: letters, digits, quotes, wide forms, invisible blanks.
    ['Есть ЙОГУРТ?', 'йогурт', true],
    ['де їжа', '^де\\s+їжа', true],
    ['Tôi muốn ĐẶT hàng', 'đặt hàng', true],
    ['Welche Straße?', 'straße\\?$', true],
    ['ราคา ๑๐๐ บาท', '๑๐๐|[๕-๙]{3}', true],
    ['ราคา ๗๘๙ บาท', '๑๐๐|[๕-๙]{3}', true],
    ['what’s up', 'what’s', true],
    ['ｓａｌｅ', 'ＳＡＬＥ', true],
    ['តម្លៃប៉ុន្មាន', 'តម្លៃ\u200bប៉ុន្មាន', true],
    // A wide form of a sign that means something in a pattern is only that sign.
    ['多少钱？', '钱？$', true],
    ['多少钱', '钱？$', false],
    ['价格（含税）', '（含税）', true],
    // A range that folding would turn round is left as it is.
    ['ราคา', '^[ก-๙]+$', true],
  ])('%j and %s is %j', (text, pattern, expected) => {
    expect(matches(text, pattern, 'regex')).toBe(expected)
  })

  test('one that is none answers nothing and says so', () => {
    const rules = compileRules(
      pageRules({ automations: [automation(1, 'custom_keyword')], keywords: [keyword(7, '(', 'regex')] }),
    )
    const { action, reasons } = decide(rules, messageOf('('), contextOf())
    expect(action).toBeNull()
    expect(reasons.map(({ code }) => code)).toEqual(['unusable', 'unusable'])
  })
})
