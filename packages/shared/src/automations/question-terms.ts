import { deu, eng, fra, ind, ita, msa, nld, por, spa, vie } from 'stopword'
import { foldText } from './fold-text.ts'
import { isAttached, isLetter, isUnspaced } from './word-boundaries.ts'

const SPACE = 0x20
/** More words of a message are not looked at. */
const TERMS_MAX = 100
/** What a word that carries little meaning counts beside another that is as rare. */
const STOP_WORD_WEIGHT = 0.2
/** Of languages that are written alike, together: a page's customers do not say which one they write. */
const STOP_WORDS: ReadonlySet<string> = new Set(
  [deu, eng, fra, ind, ita, msa, nld, por, spa, vie].flat().map((word) => foldText(word)),
)

/**
 * What questions and messages are compared by, each once: words where words are spaced, pairs of neighbouring
 * characters in Khmer, Thai, Chinese and Japanese (a pair needs no dictionary, and half a word still counts for half).
 */
export function questionTerms(folded: string): string[] {
  const terms: string[] = []
  const add = (term: string): void => {
    if (!terms.includes(term)) terms.push(term)
  }
  let start = 0
  let wasUnspaced = false
  for (let i = 0; i <= folded.length && terms.length < TERMS_MAX; i++) {
    const unit = i < folded.length ? folded.charCodeAt(i) : SPACE
    const isInRun = isLetter(unit) && (isAttached(unit) || i === start || isUnspaced(unit) === wasUnspaced)
    if (!isInRun && i > start) {
      if (!wasUnspaced || i === start + 1) add(folded.slice(start, i))
      else for (let pair = start; pair + 2 <= i && terms.length < TERMS_MAX; pair++) add(folded.slice(pair, pair + 2))
    }
    if (!isInRun) start = isLetter(unit) ? i : i + 1
    if (i === start) wasUnspaced = isUnspaced(unit)
  }
  return terms
}

export function termWeight(term: string): number {
  return STOP_WORDS.has(term) ? STOP_WORD_WEIGHT : 1
}
