import type { PageRules } from '@pagesync/shared/automations/page-rules.ts'

export const KEYWORDS = 500
export const FAQS = 1_000

export type Kind = 'keyword' | 'faq' | 'nothing'
export interface Sample {
  readonly text: string
  /** What it was made to be; which rule answers is for `decide` to say. */
  readonly kind: Kind
}

interface Language {
  readonly share: number
  /** Between words. */
  readonly blank: string
  readonly openings: readonly string[]
  readonly endings: readonly string[]
  readonly products: readonly string[]
  readonly traits: readonly string[]
  readonly questions: readonly ((product: string, trait: string) => string)[]
  readonly chatter: readonly string[]
}

const PATTERNS = [
  'order\\s*#?\\d{5,}x',
  '(refund|return).{0,20}(broken|damaged)',
  'track(ing)? (number|code)',
  '^(hi|hello) bot$',
  'promo(tion)? ?code',
  'ស្វែងរក|លេខកូដ',
  'คูปอง|ส่วนลด',
  '优惠券|折扣码',
  'ma giam gia',
  '\\bvat invoice\\b',
]

const LANGUAGES: Readonly<Record<string, Language>> = {
  english: {
    share: 50,
    blank: ' ',
    openings: ['Hello,', 'Hi there,', 'Good morning!', 'Excuse me,', 'Hey,', 'Dear shop,', 'Sorry to bother you,', ''],
    endings: ['please', 'thanks', 'thank you so much', 'if you do not mind', 'asap', 'for my sister', 'today', ''],
    products: words(
      'shirt dress jacket skirt sandal sneaker backpack wallet watch bracelet necklace scarf umbrella hat belt sunglasses phonecase charger headset keyboard monitor lamp blanket pillow towel teapot kettle blender toaster cushion',
    ),
    traits: words('red blue black cotton leather silk small large waterproof wireless vintage handmade'),
    questions: [
      (product, trait) => `Do you have the ${trait} ${product} in stock?`,
      (product, trait) => `How long does delivery of a ${trait} ${product} take?`,
      (product, trait) => `Can I return the ${trait} ${product} if it does not fit?`,
      (product, trait) => `What warranty comes with the ${trait} ${product}?`,
      (product, trait) => `How should I wash or clean the ${trait} ${product}?`,
    ],
    chatter: words(
      'yesterday my cousin came over we talked about the weather and football then went home it rained again nothing special tomorrow maybe cinema with friends after lunch music was loud train late again so tired but happy weekend soon',
    ),
  },
  vietnamese: {
    share: 15,
    blank: ' ',
    openings: ['Chào shop,', 'Shop ơi,', 'Em ơi', 'Cho mình hỏi', ''],
    endings: ['ạ', 'nhé', 'cảm ơn shop', 'vậy shop', ''],
    products: words('áo quần váy giày dép túi ví mũ khăn kính đồng_hồ vòng_tay ba_lô tai_nghe đèn gối').map((word) =>
      word.replace('_', ' '),
    ),
    traits: ['màu đỏ', 'màu xanh', 'bằng da', 'cỡ nhỏ', 'cỡ lớn', 'chống nước'],
    questions: [
      (product, trait) => `Shop còn ${product} ${trait} không?`,
      (product, trait) => `Giao ${product} ${trait} mất bao lâu?`,
      (product, trait) => `${product} ${trait} bảo hành mấy tháng?`,
    ],
    chatter: words(
      'hôm_qua trời mưa to quá mình đi chơi với bạn rồi về nhà ngủ sớm cuối tuần xem phim ăn tối vui lắm nhưng hơi mệt',
    ).map((word) => word.replace('_', ' ')),
  },
  khmer: {
    share: 15,
    blank: '',
    openings: ['សួស្តីបង', 'បងអើយ', 'ជំរាបសួរ', ''],
    endings: ['បង', 'សូមអរគុណ', 'ណា', ''],
    products: words('អាវ ខោ រ៉ូប ស្បែកជើង កាបូប នាឡិកា មួក វ៉ែនតា ខ្សែដៃ កាស ចង្កៀង ខ្នើយ'),
    traits: words('ពណ៌ក្រហម ពណ៌ខៀវ ស្បែក តូច ធំ ថ្មី'),
    questions: [
      (product, trait) => `តើមាន${product}${trait}លក់ទេ?`,
      (product, trait) => `ដឹកជញ្ជូន${product}${trait}ប៉ុន្មានថ្ងៃ?`,
      (product, trait) => `${product}${trait}ធានាប៉ុន្មានខែ?`,
    ],
    chatter: words('ម្សិលមិញ ភ្លៀង ខ្លាំង ណាស់ ខ្ញុំ ទៅ លេង ជាមួយ មិត្តភក្តិ ហើយ ត្រឡប់ មក ផ្ទះ សប្បាយ ចិត្ត បន្តិច ហត់'),
  },
  thai: {
    share: 10,
    blank: '',
    openings: ['สวัสดีค่ะ', 'สอบถามหน่อยค่ะ', 'พี่คะ', ''],
    endings: ['คะ', 'ครับ', 'ขอบคุณค่ะ', ''],
    products: words('เสื้อ กางเกง กระโปรง รองเท้า กระเป๋า นาฬิกา หมวก แว่นตา สร้อยข้อมือ หูฟัง โคมไฟ หมอน'),
    traits: words('สีแดง สีน้ำเงิน หนัง เล็ก ใหญ่ กันน้ำ'),
    questions: [
      (product, trait) => `มี${product}${trait}พร้อมส่งไหม`,
      (product, trait) => `ส่ง${product}${trait}ใช้เวลากี่วัน`,
      (product, trait) => `${product}${trait}รับประกันกี่เดือน`,
    ],
    chatter: words('เมื่อวาน ฝน ตก หนัก มาก เรา ไป เที่ยว กับ เพื่อน แล้ว กลับ บ้าน สนุก ดี นิดหน่อย เหนื่อย'),
  },
  chinese: {
    share: 10,
    blank: '',
    openings: ['你好,', '请问', '老板', ''],
    endings: ['谢谢', '呢', '啊', ''],
    products: words('衬衫 裤子 裙子 鞋子 背包 手表 帽子 眼镜 手链 耳机 台灯 枕头'),
    traits: words('红色 蓝色 真皮 小号 大号 防水'),
    questions: [
      (product, trait) => `${trait}${product}还有货吗?`,
      (product, trait) => `${trait}${product}多久能送到?`,
      (product, trait) => `${trait}${product}保修几个月?`,
    ],
    chatter: words('昨天 下雨 很大 我们 出去 玩 然后 回家 睡觉 周末 电影 晚饭 开心 有点 累'),
  },
}

function words(list: string): string[] {
  return list.split(' ')
}

/** Reproducible: the same seed, the same messages. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

interface Topic {
  readonly language: Language
  readonly text: string
}

export interface Corpus {
  readonly page: PageRules
  /** Each different from every other. */
  readonly samples: readonly Sample[]
}

/** A busy shop's page, and what is written to it: 30 % a keyword, 30 % a question, 40 % neither. */
export function makeCorpus(count: number): Corpus {
  const random = createRandom(20_261_126)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const languages = Object.values(LANGUAGES)
  const keywords = take(KEYWORDS - PATTERNS.length, languages, ({ products, traits, blank }) => {
    const made = `${pick(traits)}${blank}${pick(products)}`
    return random() < 0.4 ? `${made}${blank}${1 + Math.floor(random() * 99)}` : made
  })
  const questions = take(FAQS, languages, ({ questions: forms, products, traits }) => {
    const asked = pick(forms)(pick(products), pick(traits))
    return random() < 0.5 ? `${asked} (${100 + Math.floor(random() * 900)})` : asked
  })
  const pickLanguage = (): Language => {
    let left = random() * 100
    for (const language of languages) {
      left -= language.share
      if (left < 0) return language
    }
    return languages[0]!
  }
  const chat = (language: Language, length: number): string =>
    Array.from({ length }, () => pick(language.chatter)).join(language.blank)
  const write = (kind: Kind): string => {
    const language = pickLanguage()
    const { blank, openings, endings } = language
    const ofLanguage = (topics: readonly Topic[]) => pick(topics.filter((topic) => topic.language === language)).text
    if (kind === 'nothing') return `${pick(openings)}${blank}${chat(language, 4 + Math.floor(random() * 10))}`
    const core = kind === 'keyword' ? ofLanguage(keywords) : ofLanguage(questions)
    return `${pick(openings)}${blank}${core}${blank}${pick(endings)} ${chat(language, 1 + Math.floor(random() * 3))}`
  }
  const samples = new Map<string, Sample>()
  while (samples.size < count) {
    const share = random()
    const kind = share < 0.3 ? 'keyword' : share < 0.6 ? 'faq' : 'nothing'
    const text = write(kind)
    samples.set(text, { text, kind })
  }
  return { page: pageOf(keywords, questions), samples: [...samples.values()] }
}

/** Different texts, shared out among the languages as messages are. */
function take(count: number, languages: readonly Language[], make: (language: Language) => string): Topic[] {
  const topics = new Map<string, Topic>()
  for (const language of languages) {
    const goal = Math.min(count, topics.size + Math.round((count * language.share) / 100))
    while (topics.size < goal) {
      const text = make(language)
      topics.set(text, { text, language })
    }
  }
  return [...topics.values()]
}

function pageOf(keywords: readonly Topic[], questions: readonly Topic[]): PageRules {
  const automation = { is_active: true, order: 0 }
  const week = Object.fromEntries(
    ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'].map((day) => [day, [['00:00', '24:00']]]),
  )
  const types = ['contains', 'contains', 'contains', 'ends_with', 'starts_with', 'exact'] as const
  return {
    automations: [
      { ...automation, id: 1, type: 'custom_keyword', config: null },
      { ...automation, id: 2, type: 'faq', config: null },
      { ...automation, id: 3, type: 'away_message', config: { message: 'We are away.', business_hours: week } },
      { ...automation, id: 4, type: 'instant_reply', config: null },
    ],
    keywords: [
      ...keywords.map(({ text }, i) => ({
        id: i + 1,
        automation_id: 1,
        keyword: text,
        match_type: types[i % types.length]!,
        response_message: `Hello {{first_name}}, about ${text}: yes.`,
      })),
      ...PATTERNS.map((keyword, i) => ({
        id: 10_000 + i,
        automation_id: 1,
        keyword,
        match_type: 'regex' as const,
        response_message: 'Thank you.',
      })),
    ],
    instantReplies: [{ id: 1, automation_id: 4, trigger: 'new_conversation', message: 'Welcome!' }],
    faqs: questions.map(({ text }, i) => ({ id: i + 1, question: text, answer: `About "${text}": yes.` })),
  }
}
