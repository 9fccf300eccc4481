import { deu, eng, fra, ind, ita, msa, nld, por, spa, vie } from 'stopword'
import { foldText } from './fold-text.ts'
import { isUnspaced } from './word-boundaries.ts'

const LETTERS = /[\p{L}\p{N}\p{M}]+/gu
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
  const terms = new Set<string>()
  for (const [run] of folded.matchAll(LETTERS)) {
    if (terms.size >= TERMS_MAX) break
    if (hasUnspaced(run)) addPairs(run, terms)
    else terms.add(run)
  }
  return [...terms]
}

export function termWeight(term: string): number {
  return STOP_WORDS.has(term) ? STOP_WORD_WEIGHT : 1
}

function hasUnspaced(run: string): boolean {
  for (let i = 0; i < run.length; i++) if (isUnspaced(run.charCodeAt(i))) return true
  return false
}

function addPairs(run: string, terms: Set<string>): void {
  if (run.length === 1) terms.add(run)
  for (let i = 0; i + 1 < run.length && terms.size < TERMS_MAX; i++) terms.add(run.slice(i, i + 2))
}
