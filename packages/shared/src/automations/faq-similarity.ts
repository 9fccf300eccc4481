import MiniSearch from 'minisearch'
import { questionTerms, termWeight } from './question-terms.ts'

export interface AlikeQuestion {
  readonly faq: number
  readonly similarity: number
}

/**
 * How alike a message and each of a page's questions are, 0 to 1.
 *
 * Each term weighs what BM25 gives it for its rarity among the page's questions (words such as "the" a fifth of that).
 * The similarity is the weight that message and question share, divided by the question's own, or by the mean of both
 * where the message has less: 1 for a message that holds every word of the question, whatever else it says; a short
 * message (`price?`) need not repeat the rest of the question.
 *
 * MiniSearch weighs the terms, once, when the rules are compiled. BM25 is a sum over terms, so adding up its weights is
 * what its search does; the search itself would take a millisecond a message for a thousand questions.
 */
export interface FaqSimilarity {
  /** Tells every question that shares anything with the message, in no order. */
  each(folded: string, tell: (faq: number, similarity: number) => void): void
  /** The most alike of those that are wanted and at least so alike; of equal ones that in the first place. */
  best(folded: string, atLeast: number, isWanted: (faq: number) => boolean): AlikeQuestion | null
}

interface WeighedTerm {
  readonly weight: number
  /** The questions that hold it. */
  readonly holders: Int32Array
}

/** Sums of the same weights in another order differ in the last digits: what is nearly as alike is as alike. */
const DIGITS = 1e9

/** `questions` are folded; a place in this list is what names a question. */
export function createFaqSimilarity(questions: readonly string[]): FaqSimilarity {
  const terms = questions.map(questionTerms)
  const weighed = weighTerms(terms)
  const unknownWeight = rarity(questions.length, 0)
  const ownWeights = Float64Array.from(terms, (each) => each.reduce((sum, term) => sum + weighed.get(term)!.weight, 0))
  const leastOwn = ownWeights.reduce((least, own) => Math.min(least, own), Number.POSITIVE_INFINITY)
  const shared = new Float64Array(questions.length)
  const touched = new Int32Array(questions.length)
  const whole = (own: number, said: number): number => (said < own ? (own + said) / 2 : own)

  /** Adds up what the terms share with each question; answers how many were touched. Whoever reads `shared` sets it back to 0. */
  const share = (terms: readonly WeighedTerm[]): number => {
    let count = 0
    for (const { weight, holders } of terms)
      for (let i = 0; i < holders.length; i++) {
        const faq = holders[i]!
        if (shared[faq] === 0) touched[count++] = faq
        shared[faq]! += weight
      }
    return count
  }
  const take = (faq: number): number => {
    const score = shared[faq]!
    shared[faq] = 0
    return score
  }
  const similarity = (score: number, faq: number, said: number): number =>
    Math.min(1, Math.round((score / whole(ownWeights[faq]!, said)) * DIGITS) / DIGITS)

  return {
    each(folded, tell) {
      const { terms: said, weight } = weighMessage(folded, weighed, unknownWeight)
      const count = share(said)
      for (let i = 0; i < count; i++) tell(touched[i]!, similarity(take(touched[i]!), touched[i]!, weight))
    },
    best(folded, atLeast, isWanted) {
      const { terms: said, weight } = weighMessage(folded, weighed, unknownWeight)
      const { heavy, light, lightWeight } = partTerms(said, whole(leastOwn, weight) * atLeast)
      const count = share(heavy)
      let best = -1
      let most = atLeast
      for (let i = 0; i < count; i++) {
        const faq = touched[i]!
        const score = take(faq)
        if (score + lightWeight < whole(ownWeights[faq]!, weight) * most - 1 / DIGITS) continue
        const likeness = similarity(score + heldWeight(light, faq), faq, weight)
        if (likeness < most || (likeness === most && best !== -1 && faq > best) || !isWanted(faq)) continue
        best = faq
        most = likeness
      }
      return best === -1 ? null : { faq: best, similarity: most }
    },
  }
}

/** The known terms of a message, and what all its terms weigh. */
function weighMessage(folded: string, weighed: ReadonlyMap<string, WeighedTerm>, unknownWeight: number) {
  const terms: WeighedTerm[] = []
  let weight = 0
  for (const term of questionTerms(folded)) {
    const known = weighed.get(term)
    weight += known ? known.weight : unknownWeight * termWeight(term)
    if (known) terms.push(known)
  }
  return { terms, weight }
}

/**
 * Light are the terms that together weigh less than any question needs: a question that shares nothing else is not
 * looked for, which spares reading through all that hold "the" and "you". They count where a heavy term is shared.
 */
function partTerms(terms: WeighedTerm[], needed: number) {
  terms.sort((a, b) => a.weight - b.weight)
  let lightWeight = 0
  let lights = 0
  while (lights < terms.length && lightWeight + terms[lights]!.weight < needed - 1 / DIGITS)
    lightWeight += terms[lights++]!.weight
  return { heavy: terms.slice(lights), light: terms.slice(0, lights), lightWeight }
}

function heldWeight(terms: readonly WeighedTerm[], faq: number): number {
  let sum = 0
  for (const { weight, holders } of terms) if (isHeld(holders, faq)) sum += weight
  return sum
}

/** Holders are in ascending order. */
function isHeld(holders: Int32Array, faq: number): boolean {
  let low = 0
  let high = holders.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holders[middle]! < faq) low = middle + 1
    else high = middle
  }
  return holders[low] === faq
}

function weighTerms(terms: readonly (readonly string[])[]): Map<string, WeighedTerm> {
  const holders = new Map<string, number[]>()
  for (const [faq, each] of terms.entries())
    for (const term of each) {
      const list = holders.get(term)
      if (list) list.push(faq)
      else holders.set(term, [faq])
    }
  const weigh = createWeigher(terms)
  return new Map(
    [...holders].map(([term, list]) => [term, { weight: weigh(term, list[0]!), holders: Int32Array.from(list) }]),
  )
}

/**
 * The library's score of a term in a question that holds it. Its settings make a term count once, however often it
 * stands in a question and however long that is: length is accounted for in the similarity.
 */
function createWeigher(terms: readonly (readonly string[])[]): (term: string, faq: number) => number {
  const search = new MiniSearch<{ id: number; terms: string }>({
    fields: ['terms'],
    tokenize: (joined) => joined.split(' '),
    processTerm: (term) => term,
  })
  search.addAll(terms.map((each, id) => ({ id, terms: each.join(' ') })))
  return (term, faq) => {
    const [result] = search.search(term, {
      boostDocument: (id) => (id === faq ? 1 : 0),
      boostTerm: termWeight,
      bm25: { k: 0, b: 0, d: 0 },
    })
    return result!.score
  }
}

/** BM25's weight of a term that so many of the questions hold; the library tells none for a term that it does not know. */
function rarity(count: number, holders: number): number {
  return Math.log(1 + (count - holders + 0.5) / (holders + 0.5))
}
