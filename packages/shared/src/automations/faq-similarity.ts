import MiniSearch from 'minisearch'
import { questionTerms, termWeight } from './question-terms.ts'

/**
 * How alike a message and each of a page's questions are, 0 to 1.
 *
 * Each term weighs as much as BM25 gives it for its rarity among the page's questions (words such as "the" a fifth of
 * that). The similarity is the weight that message and question share, divided by the question's own, or by the mean of
 * both where the message has less: 1 for a message that holds every word of the question, whatever else it says; a
 * short message (`price?`) need not repeat the rest of the question.
 *
 * MiniSearch scores the questions. It takes a millisecond for a thousand of them, so an index of weights in front tells
 * which can reach what is asked for, and it is asked for those alone.
 */
export interface FaqSimilarity {
  /** The questions that are at least so alike, most alike first, equal ones by their place. */
  mostAlike(folded: string, atLeast: number): { readonly faq: number; readonly similarity: number }[]
}

/** Rounding differs between the index and the library in the last digits. */
const ROUNDING = 1e-9

/** `questions` are folded; a place in this list is what names a question. */
export function createFaqSimilarity(questions: readonly string[]): FaqSimilarity {
  const terms = questions.map(questionTerms)
  const postings = postingsOf(terms)
  const weightOf = createWeights(questions.length, postings)
  const ownWeights = Float64Array.from(terms, (each) => each.reduce((sum, term) => sum + weightOf(term), 0))
  const shared = new Float64Array(questions.length)
  let scorer: ((terms: readonly string[], faqs: ReadonlySet<number>) => Map<number, number>) | undefined

  return {
    mostAlike(folded, atLeast) {
      const said = questionTerms(folded)
      const touched: number[] = []
      let saidWeight = 0
      for (const term of said) {
        const weight = weightOf(term)
        saidWeight += weight
        for (const faq of postings.get(term) ?? []) {
          if (shared[faq] === 0) touched.push(faq)
          shared[faq]! += weight
        }
      }
      const similarity = (faq: number, score: number) =>
        Math.min(1, score / Math.min(ownWeights[faq]!, (ownWeights[faq]! + saidWeight) / 2))
      const near: { faq: number; similarity: number }[] = []
      for (const faq of touched) {
        const estimate = similarity(faq, shared[faq]!)
        if (estimate >= atLeast - ROUNDING) near.push({ faq, similarity: estimate })
        shared[faq] = 0
      }
      if (near.length === 0) return near
      scorer ??= createScorer(terms)
      const scores = scorer(said, new Set(near.map(({ faq }) => faq)))
      return near
        .map(({ faq }) => ({ faq, similarity: similarity(faq, scores.get(faq) ?? 0) }))
        .filter((each) => each.similarity >= atLeast)
        .sort(byLikeness)
    },
  }
}

type Alike = { readonly faq: number; readonly similarity: number }
const byLikeness = (a: Alike, b: Alike): number => b.similarity - a.similarity || a.faq - b.faq

/** For each term the questions that hold it. */
function postingsOf(terms: readonly (readonly string[])[]): Map<string, number[]> {
  const postings = new Map<string, number[]>()
  for (const [faq, each] of terms.entries())
    for (const term of each) {
      const list = postings.get(term)
      if (list) list.push(faq)
      else postings.set(term, [faq])
    }
  return postings
}

/** BM25's weight of a term's rarity, as MiniSearch computes it; a term of no question is the rarest. */
function createWeights(count: number, postings: ReadonlyMap<string, readonly number[]>): (term: string) => number {
  const weights = new Map<string, number>()
  const rarity = (holders: number) => Math.log(1 + (count - holders + 0.5) / (holders + 0.5))
  for (const [term, { length }] of postings) weights.set(term, rarity(length) * termWeight(term))
  const unknown = rarity(0)
  return (term) => weights.get(term) ?? unknown * termWeight(term)
}

/**
 * The library's score of each of some questions. Its settings make a term count once, however often it stands in a
 * question and however long that is: length is accounted for in the similarity.
 */
function createScorer(terms: readonly (readonly string[])[]) {
  const search = new MiniSearch<{ id: number; terms: string }>({
    fields: ['terms'],
    tokenize: (joined) => joined.split(' '),
    processTerm: (term) => term,
  })
  search.addAll(terms.map((each, id) => ({ id, terms: each.join(' ') })))
  return (said: readonly string[], faqs: ReadonlySet<number>): Map<number, number> => {
    const results = search.search(said.join(' '), {
      boostDocument: (id) => (faqs.has(id) ? 1 : 0),
      boostTerm: termWeight,
      bm25: { k: 0, b: 0, d: 0 },
    })
    // It multiplies a score by the number of terms found.
    return new Map(results.map(({ id, score, queryTerms }) => [id, score / queryTerms.length]))
  }
}
