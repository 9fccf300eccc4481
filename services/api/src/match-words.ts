import { foldText } from '@pagesync/shared/automations/fold-text.ts'
import { isLetter, isUnspaced } from '@pagesync/shared/automations/word-boundaries.ts'

const WORD = /[\p{L}\p{N}\p{M}]+/gu

/**
 * Tells whether a text has, for every word of the query, one that begins so, whatever case and accents. In scripts that
 * put no blanks between words (Khmer, Thai, Chinese) it may stand anywhere. A query without words finds nothing.
 */
export function createWordMatch(query: string): (text: string) => boolean {
  const wanted = foldText(query).match(WORD) ?? []
  return (text) => {
    const folded = foldText(text)
    return wanted.length > 0 && wanted.every((word) => holdsBeginning(folded, word))
  }
}

function holdsBeginning(folded: string, word: string): boolean {
  for (let at = folded.indexOf(word); at !== -1; at = folded.indexOf(word, at + 1))
    if (at === 0 || isUnspaced(word.charCodeAt(0)) || !isLetter(folded.charCodeAt(at - 1))) return true
  return false
}
