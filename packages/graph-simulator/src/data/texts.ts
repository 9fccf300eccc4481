import { hash } from './hash.ts'
import type { Language } from './names.ts'

/** One thing that shops and cafés are asked about, and what they answer. `{product}` and `{price}` are filled in. */
interface Topic {
  readonly customer: readonly string[]
  readonly page: readonly string[]
}

const PRODUCTS: Record<Language, readonly string[]> = {
  en: ['iced latte', 'cold brew bottle', 'linen tote bag', 'birthday cake', 'gift box', 'ceramic mug'],
  km: ['កាហ្វេទឹកដោះគោទឹកកក', 'នំខួបកំណើត', 'កាបូបក្រណាត់', 'ប្រអប់កាដូ'],
  th: ['ลาเต้เย็น', 'เค้กวันเกิด', 'กระเป๋าผ้า', 'กล่องของขวัญ'],
}

const TOPICS: Record<Language, readonly Topic[]> = {
  en: [
    {
      customer: [
        'Hi! How much is the {product}?',
        'What is the price of the {product} please? 😊',
        'is the {product} still {price}?',
      ],
      page: [
        'Hello! The {product} is {price}. Would you like one?',
        'Hi there, it is {price} today, 10% off for two 🎉',
      ],
    },
    {
      customer: ['Do you deliver to the riverside?', 'How long does delivery take?', 'Can you deliver before 6 pm? 🙏'],
      page: [
        'Yes, we deliver all over town for $1.50.',
        'Delivery takes 30–45 minutes, we will call you when the rider leaves 🛵',
      ],
    },
    {
      customer: ['What time do you open on Sunday?', 'are you open now?', 'Opening hours during the holidays?'],
      page: ['We are open every day from 7:00 to 21:00.', 'On public holidays we open at 9:00 – see you soon ☕'],
    },
    {
      customer: [
        'The {product} arrived broken 😢 can I return it?',
        'I would like to exchange the {product}, wrong colour',
        'How do refunds work?',
      ],
      page: [
        'So sorry about that! Please send us a photo and we will replace it.',
        'You can return it within 14 days with the receipt.',
      ],
    },
    {
      customer: [
        'Can I book a table for 4 tonight?',
        'Table for two at 19:30, outside if possible',
        'Do you have vegan options?',
      ],
      page: ['Booked! A table is waiting for you.', 'Of course, half of our menu is vegan 🌱'],
    },
    {
      customer: ['Thank you so much! ❤️', 'Great, thanks!', 'ok 👍', 'Perfect, see you then'],
      page: ['You are welcome! Have a lovely day ☀️', 'Thank you for choosing Riverside 💛'],
    },
    {
      customer: [
        'Do you have the {product} in stock?',
        'When will the {product} be back?',
        'Which sizes do you have? https://riverside.example/shop?size=m&x=1%2F2',
      ],
      page: ['Yes, three left. Shall I keep one for you?', 'It is back on Friday/Saturday, we can remind you.'],
    },
  ],
  km: [
    {
      customer: ['សួស្តី! {product} តម្លៃប៉ុន្មាន?', '{product} នៅលក់ {price} ទេ?', 'សុំសួរតម្លៃ {product} បន្តិច 🙏'],
      page: ['ជំរាបសួរ! {product} តម្លៃ {price} ចា៎។', 'បាទ តម្លៃ {price} ទិញពីរចុះ ១០% 🎉'],
    },
    {
      customer: ['មានដឹកជញ្ជូនទៅទួលគោកទេ?', 'ដឹកប៉ុន្មានថ្ងៃដល់?', 'អាចដឹកមុនម៉ោង ៦ ល្ងាចបានទេ?'],
      page: ['ចា៎ មានដឹកទូទាំងភ្នំពេញ $1.50។', 'ដឹកប្រហែល ៣០–៤៥ នាទី អ្នកដឹកនឹងទូរស័ព្ទទៅ 🛵'],
    },
    {
      customer: ['ថ្ងៃអាទិត្យបើកម៉ោងប៉ុន្មាន?', 'ឥឡូវនៅបើកទេ?'],
      page: ['យើងបើករាល់ថ្ងៃ ពីម៉ោង ៧ ព្រឹក ដល់ ៩ យប់។', 'ថ្ងៃបុណ្យបើកម៉ោង ៩ ព្រឹក ☕'],
    },
    {
      customer: ['{product} មកដល់បាក់ហើយ 😢 អាចប្តូរបានទេ?', 'ខ្ញុំចង់ដូរពណ៌ {product}'],
      page: ['សុំទោសផង! សូមផ្ញើរូបថត យើងនឹងដូរជូន។', 'អាចប្តូរបានក្នុងរយៈពេល ១៤ ថ្ងៃ។'],
    },
    {
      customer: ['អរគុណច្រើន ❤️', 'បាន អរគុណ', 'ចា៎ 👍'],
      page: ['អរគុណដែលគាំទ្រ 💛', 'មិនអីទេ សូមឲ្យមានថ្ងៃល្អ ☀️'],
    },
  ],
  th: [
    {
      customer: ['สวัสดีค่ะ {product} ราคาเท่าไหร่คะ', '{product} ยังราคา {price} อยู่ไหมครับ', 'ขอถามราคา {product} หน่อยค่ะ 🙏'],
      page: ['สวัสดีค่ะ {product} ราคา {price} ค่ะ', 'ราคา {price} ค่ะ ซื้อสองชิ้นลด 10% 🎉'],
    },
    {
      customer: ['มีส่งถึงบ้านไหมคะ', 'ส่งกี่วันถึงครับ', 'ส่งก่อนหกโมงเย็นได้ไหม'],
      page: ['ส่งได้ทั่วเมืองค่ะ ค่าส่ง 50 บาท', 'ประมาณ 30–45 นาที ไรเดอร์จะโทรหาค่ะ 🛵'],
    },
    {
      customer: ['วันอาทิตย์เปิดกี่โมงคะ', 'ตอนนี้เปิดอยู่ไหมครับ'],
      page: ['เปิดทุกวัน 7:00–21:00 ค่ะ', 'วันหยุดนักขัตฤกษ์เปิด 9 โมงค่ะ ☕'],
    },
    {
      customer: ['{product} ที่ได้รับแตก 😢 เปลี่ยนได้ไหมคะ', 'อยากเปลี่ยนสี {product} ครับ'],
      page: ['ขอโทษด้วยค่ะ ส่งรูปมาได้เลย เราจะเปลี่ยนให้ค่ะ', 'คืนได้ภายใน 14 วันพร้อมใบเสร็จค่ะ'],
    },
    {
      customer: ['ขอบคุณมากค่ะ ❤️', 'โอเคครับ ขอบคุณ', 'ได้ค่ะ 👍'],
      page: ['ขอบคุณที่อุดหนุนค่ะ 💛', 'ยินดีค่ะ ขอให้เป็นวันที่ดีนะคะ ☀️'],
    },
  ],
}

const fill = (text: string, language: Language, random: number): string =>
  text
    .replace('{product}', PRODUCTS[language][random % PRODUCTS[language].length]!)
    .replace('{price}', language === 'th' ? `${60 + (random % 9) * 20} บาท` : `$${2 + (random % 18)}.50`)

/** What one side says in exchange number `exchange` of a conversation; both sides of an exchange keep to its topic. */
export function textOf(seed: number, conversation: number, exchange: number, language: Language, customer: boolean) {
  const roll = hash(seed, conversation, exchange, 21)
  const topic = TOPICS[language][roll % TOPICS[language].length]!
  const lines = customer ? topic.customer : topic.page
  return fill(lines[(roll >>> 8) % lines.length]!, language, roll >>> 16)
}
