import { hash } from './hash.ts'

export type Language = 'en' | 'km' | 'th'

/** Given and family names in one script; people of Cambodia and Thailand write theirs in either. */
interface NameList {
  readonly given: readonly string[]
  readonly family: readonly string[]
}

const NAMES: Record<Language, readonly NameList[]> = {
  en: [
    {
      given: [
        'Emma',
        'Liam',
        'Olivia',
        'Noah',
        'Sofia',
        'James',
        'Chloé',
        'Lucas',
        'Hannah',
        'Oscar',
        'Maya',
        'Daniel',
      ],
      family: [
        'Smith',
        'Martin',
        'García',
        'Brown',
        "O'Neill",
        'Müller',
        'Rossi',
        'Novák',
        'Andersson',
        'Wilson',
        'King',
      ],
    },
  ],
  km: [
    {
      given: ['Sokha', 'Dara', 'Bopha', 'Rithy', 'Sophea', 'Chanthou', 'Kosal', 'Sreymom', 'Vannak', 'Pisey'],
      family: ['Chan', 'Sok', 'Heng', 'Kim', 'Ly', 'Pich', 'Chea', 'Meas', 'Nuon'],
    },
    {
      given: ['សុខា', 'ដារ៉ា', 'បុប្ផា', 'វិចិត្រា', 'ស្រីនាង', 'កុសល', 'សុភា'],
      family: ['ចាន់', 'សុខ', 'ហេង', 'គឹម', 'លី', 'ជា'],
    },
  ],
  th: [
    {
      given: ['Somchai', 'Malee', 'Nattapong', 'Ploy', 'Anong', 'Kittisak', 'Siriporn', 'Chai'],
      family: ['Jaidee', 'Srisuk', 'Wongthong', 'Rattanakorn', 'Suwan', 'Boonmee', 'Chaiyasit', 'Kaewta'],
    },
    {
      given: ['สมชาย', 'มาลี', 'ณัฐพล', 'พิมพ์ชนก', 'อนงค์', 'กิตติศักดิ์'],
      family: ['ใจดี', 'ศรีสุข', 'วงศ์ทอง', 'รัตนกร', 'บุญมี'],
    },
  ],
}

const LOCALE: Record<Language, string> = { en: 'en_US', km: 'km_KH', th: 'th_TH' }
const TIMEZONE: Record<Language, number> = { en: 0, km: 7, th: 7 }

export interface Person {
  readonly firstName: string
  readonly lastName: string
  readonly name: string
  readonly language: Language
  readonly locale: string
  readonly timezone: number
  readonly gender: 'male' | 'female'
}

const pick = <T>(list: readonly T[], random: number): T => list[random % list.length]!

export function languageOf(seed: number, person: number): Language {
  const roll = hash(seed, person, 11) % 100
  return roll < 50 ? 'en' : roll < 78 ? 'km' : 'th'
}

/** The person with this number, the same for ever. */
export function personOf(seed: number, person: number): Person {
  const language = languageOf(seed, person)
  const { given, family } = pick(NAMES[language], hash(seed, person, 16))
  const firstName = pick(given, hash(seed, person, 12))
  const lastName = pick(family, hash(seed, person, 13))
  return {
    firstName,
    lastName,
    name: `${firstName} ${lastName}`,
    language,
    locale: LOCALE[language],
    timezone: TIMEZONE[language],
    gender: hash(seed, person, 14) % 2 === 0 ? 'female' : 'male',
  }
}
