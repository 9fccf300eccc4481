/**
 * Where words begin and end. Latin, Cyrillic, Arabic, Korean and others put blanks between words: there the change from
 * a letter to something else tells. Khmer, Thai, Lao, Burmese, Chinese and Japanese write none: there ICU's dictionaries
 * (`Intl.Segmenter`) tell, asked only for a place that matters.
 */

/** Kinds of UTF-16 units, worked out when they are first met (0: not yet). */
const OTHER = 1
const SPACED = 2
const UNSPACED = 3
/** Belongs to what stands before it: a combining mark. */
const ATTACHED = 4
const HANGUL = 5
const kinds = new Uint8Array(0x10000)

const LETTER = /[\p{L}\p{N}]/u
const MARK = /\p{M}/u
const HANGUL_LETTER = /\p{Script=Hangul}/u
/** Scripts that put no blanks between words, for a class of a pattern with the flag u. */
export const UNSPACED_SCRIPTS = ['Thai', 'Lao', 'Khmer', 'Myanmar', 'Han', 'Hiragana', 'Katakana']
  .map((name) => `\\p{Script=${name}}`)
  .join('')
const UNSPACED_LETTER = new RegExp(`[${UNSPACED_SCRIPTS}ー]`, 'u')
const HAN = /^\p{Script=Han}+$/u
/** The locale does not matter to these dictionaries; words are the same in all. */
const words = new Intl.Segmenter('en', { granularity: 'word' })

export function isLetter(unit: number): boolean {
  return kindOf(unit) !== OTHER
}

/** The unit is of a script that puts no blanks between words. */
export function isUnspaced(unit: number): boolean {
  return kindOf(unit) === UNSPACED
}

/** The unit belongs to the one before it. */
export function isAttached(unit: number): boolean {
  return kindOf(unit) === ATTACHED
}

/** Whether the unit is in a word of a script with blanks, so that none can begin behind it; `before`: the same of the one before it. */
export function isInSpacedWord(unit: number, before: boolean): boolean {
  const kind = kindOf(unit)
  return kind === ATTACHED ? before : kind === SPACED || kind === HANGUL
}

export interface WordBoundaries {
  /** A word may begin at `index`. */
  startsAt(index: number): boolean
  /** A word may end before `end`, where it began at `start`. */
  endsAt(start: number, end: number): boolean
}

/** Of a folded text. What needs a dictionary is worked out at most once for the text. */
export function createWordBoundaries(text: string): WordBoundaries {
  let breaks: ReadonlySet<number> | undefined
  const isBreak = (index: number): boolean => {
    breaks ??= new Set(Array.from(words.segment(text), (each) => each.index))
    return breaks.has(index)
  }
  /** Undefined: only a dictionary knows. */
  const plainly = (index: number): boolean | undefined => {
    if (index === 0 || index === text.length) return true
    const unit = text.charCodeAt(index)
    const after = kindOf(unit)
    if (after === ATTACHED || isSecondHalf(unit)) return false
    const before = kindBefore(text, index)
    if (before === OTHER || after === OTHER) return true
    if (before === UNSPACED && after === UNSPACED) return undefined
    return before === UNSPACED || after === UNSPACED
  }
  return {
    startsAt: (index) => plainly(index) ?? isBreak(index),
    endsAt(start, end) {
      const told = plainly(end)
      if (told === undefined) return isBreak(end) || isInCompound(text, start, end)
      // Korean writes particles onto the word: 가격은 is 가격 with one.
      return told || (end - start >= 2 && isHangulAround(text, end))
    },
  }
}

/** Chinese compounds are words of the dictionary, too: 多少 in 多少钱. One character alone is not enough to tell. */
function isInCompound(text: string, start: number, end: number): boolean {
  if (end - start < 2 || !HAN.test(text.slice(start, end + 1))) return false
  const containing = words.segment(text).containing(end - 1)
  return containing !== undefined && containing.index === start
}

function kindBefore(text: string, index: number): number {
  for (let i = index - 1; i >= 0; i--) {
    const kind = kindOf(text.charCodeAt(i))
    if (kind !== ATTACHED) return kind
  }
  return OTHER
}

function isHangulAround(text: string, index: number): boolean {
  return kindOf(text.charCodeAt(index)) === HANGUL && kindOf(text.charCodeAt(index - 1)) === HANGUL
}

function isSecondHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

function kindOf(unit: number): number {
  return kinds[unit] || findKind(unit)
}

function findKind(unit: number): number {
  const char = String.fromCharCode(unit)
  let kind = OTHER
  // The first halves of the pairs that write rare Chinese characters; most other pairs are emoji.
  if (unit >= 0xd840 && unit <= 0xd8bf) kind = UNSPACED
  else if (MARK.test(char)) kind = ATTACHED
  else if (LETTER.test(char)) kind = HANGUL_LETTER.test(char) ? HANGUL : UNSPACED_LETTER.test(char) ? UNSPACED : SPACED
  kinds[unit] = kind
  return kind
}
