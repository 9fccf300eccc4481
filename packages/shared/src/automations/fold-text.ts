import { PLAIN_LETTERS } from '../model/name-words.ts'

/** Longer texts are judged by their beginning: what a message costs is bounded whatever is sent. */
export const TEXT_JUDGED_MAX = 2_000

/** Joiners, direction marks, soft hyphens, variation selectors; Khmer writes U+200B between words or does not. */
const INVISIBLE = /[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|[\ufe00-\ufe0f]/g
/**
 * Accents of Latin, Greek and Cyrillic, Hebrew points, Arabic vowel signs and tatweel. The marks of Khmer, Thai, Lao,
 * Burmese and the scripts of India are letters of theirs, and those of Japanese kana make another sound: they stay.
 */
const ACCENTS =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: single marks are meant, not what they combine to.
  /[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/g
/** Letters of Cyrillic alphabets that Unicode takes apart: й is no accented и. */
const WHOLE_CYRILLIC = /([\u0438\u0443])(\p{M}*?)(\u0306)|(\u0456)(\p{M}*?)(\u0308)/gu
/** Unicode's compatibility form takes Thai and Lao AM apart, and people type its halves around the tone mark. */
const THAI_AM = /\u0e4d([\u0e48-\u0e4b]?)\u0e32/g
const LAO_AM = /\u0ecd([\u0ec8-\u0ecb]?)\u0eb2/g
const PLAIN = new RegExp(`[${Object.keys(PLAIN_LETTERS).join('')}ς]`, 'g')
const FOREIGN_DIGIT =
  /[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f\u09e6-\u09ef\u0e50-\u0e59\u0ed0-\u0ed9\u1040-\u1049\u17e0-\u17e9]/g
const QUOTES = /[\u2018\u2019\u02bc\u201c\u201d]/g
const SPACE = 0x20
const SPACES = /\s+/g
const UNEVEN_SPACES = /\s\s|[\t\n\v\f\r]/
// biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what is asked for.
const NOT_ASCII = /[^\x00-\x7f]/
const IS_SPACE = /^\s$/
const MARK = /\p{M}/u

/** What one UTF-16 unit folds to wherever it stands: a unit, or one of these. Worked out when it is first met. */
const UNKNOWN = 0
const NOTHING = 0xfffe
/** To several units, or by what stands beside it: the whole text goes the long way. */
const DEPENDS = 0xffff
const foldedUnits = new Uint16Array(0x10000)

/**
 * The text without what people write differently and mean alike: case, accents, forms of digits and quotes, invisible
 * characters, kinds and numbers of blanks. For comparing, never for showing. Folding twice changes nothing.
 */
export function foldText(text: string): string {
  if (!NOT_ASCII.test(text)) return (UNEVEN_SPACES.test(text) ? text.replace(SPACES, ' ') : text).trim().toLowerCase()
  // Only where marks stand in their normal order each unit can be folded alone.
  if (text.length > TEXT_JUDGED_MAX || text.normalize('NFC') !== text) return foldSlowly(text)
  const folded: number[] = []
  let hasSkipped = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const to = foldedUnits[unit] || foldUnit(unit)
    if (to === DEPENDS) return foldSlowly(text)
    if (to === NOTHING) hasSkipped = true
    else if (to !== SPACE || (folded.length > 0 && folded.at(-1) !== SPACE)) folded.push(to)
  }
  if (folded.at(-1) === SPACE) folded.pop()
  const joined = String.fromCharCode.apply(null, folded)
  return hasSkipped ? joined.normalize('NFC') : joined
}

function foldUnit(unit: number): number {
  const to = foldedUnit(unit)
  foldedUnits[unit] = to
  return to
}

function foldedUnit(unit: number): number {
  const char = String.fromCharCode(unit)
  if (IS_SPACE.test(char)) return SPACE
  if (unit === UNKNOWN || needsNeighbours(unit)) return DEPENDS
  // Halves of the pairs that write emoji and rare Chinese characters stay as they are.
  if (unit >= 0xd800 && unit <= 0xdfff) return unit
  const folded = foldLetters(char)
  if (folded === '') return NOTHING
  // What becomes a mark (half-width ﾞ) joins the letter before it.
  return folded === char || (folded.length === 1 && !MARK.test(folded)) ? folded.charCodeAt(0) : DEPENDS
}

/** Loose accents, parts of Hangul syllables, the halves of AM, and pairs that have a plainer form (𝐀, 🄰, 🯰). */
function needsNeighbours(unit: number): boolean {
  if (unit >= 0x300 && unit <= 0x36f) return true
  if (unit >= 0x1100 && unit <= 0x11ff) return true
  if (unit === 0xe4d || unit === 0xecd) return true
  if (unit >= 0xdff0 && unit <= 0xdff9) return true
  return unit >= 0xd800 && unit <= 0xdbff && unit !== 0xd83d && unit !== 0xd83e
}

/** The whole meaning of `foldText`; the way above is its faster equal for nearly every text. */
export function foldSlowly(text: string): string {
  return foldLetters(text).replace(SPACES, ' ').trim()
}

function foldLetters(text: string): string {
  return text
    .replaceAll('\u00b4', "'")
    .normalize('NFKD')
    .replace(QUOTES, (quote) => (quote === '\u201c' || quote === '\u201d' ? '"' : "'"))
    .toLowerCase()
    .replace(INVISIBLE, '')
    .replace(WHOLE_CYRILLIC, (_, i, between, breve, ukrainian, beside, dots) =>
      i ? `${`${i}${breve}`.normalize('NFC')}${between}` : `${`${ukrainian}${dots}`.normalize('NFC')}${beside}`,
    )
    .replace(ACCENTS, '')
    .replace(THAI_AM, '$1\u0e33')
    .replace(LAO_AM, '$1\u0eb3')
    .replace(PLAIN, (letter) => (letter === 'ς' ? 'σ' : PLAIN_LETTERS[letter]!))
    .replace(FOREIGN_DIGIT, (digit) => String(digitValue(digit.charCodeAt(0))))
    .normalize('NFC')
}

/** Each of these scripts has its ten digits in a row, from a code that ends in 0 or 6. */
function digitValue(code: number): number {
  const startsAtSix = (code >= 0x0966 && code <= 0x096f) || (code >= 0x09e6 && code <= 0x09ef)
  return (code & 0xf) - (startsAtSix ? 6 : 0)
}
