import type { FoundRules } from './answerer.ts'
import type { CompiledKeyword } from './compiled-keyword.ts'
import { foldText } from './fold-text.ts'
import { isMatch, type JudgedText } from './judged-text.ts'
import { createPhraseIndex } from './phrase-index.ts'
import { createRegexSet } from './regex-set.ts'

interface Phrase {
  readonly of: 'keywords' | 'faqs'
  /** In that list. */
  readonly place: number
  readonly type: 'exact' | 'starts_with' | 'ends_with' | 'contains'
}

/** Reads a text once and answers every keyword, and every FAQ with a keyword, that matches it. */
export function createFindRules(
  keywords: readonly CompiledKeyword[],
  faqKeywords: readonly (readonly string[])[],
): (text: JudgedText) => FoundRules {
  const usable = [...keywords.entries()].filter(([, { rule, problem }]) => rule.is_active !== false && problem === null)
  const patterns = usable.filter(([, { rule }]) => rule.match_type === 'regex')
  const index = createPhraseIndex(phrasesOf(usable, faqKeywords))
  const matchPatterns = createRegexSet(patterns.map(([, { rule }]) => rule.keyword))
  return (text) => {
    const keywordPlaces: number[] = []
    const faqPlaces: number[] = []
    index.search(text.folded, ({ of, place, type }, start, end) => {
      const places = of === 'faqs' ? faqPlaces : keywordPlaces
      if (!places.includes(place) && isMatch(type, text, start, end)) places.push(place)
    })
    for (const pattern of matchPatterns(text.folded)) keywordPlaces.push(patterns[pattern]![0])
    return { keywords: keywordPlaces.sort(ascending), faqs: faqPlaces.sort(ascending) }
  }
}

function* phrasesOf(
  keywords: readonly (readonly [number, CompiledKeyword])[],
  faqKeywords: readonly (readonly string[])[],
): Generator<readonly [string, Phrase]> {
  for (const [place, { rule, folded }] of keywords)
    if (rule.match_type !== 'regex') yield [folded, { of: 'keywords', place, type: rule.match_type }]
  for (const [place, each] of faqKeywords.entries())
    for (const folded of new Set(each.map(foldText)))
      if (folded !== '') yield [folded, { of: 'faqs', place, type: 'contains' }]
}

function ascending(a: number, b: number): number {
  return a - b
}
