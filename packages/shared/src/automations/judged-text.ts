import type { MatchType } from './custom-keyword.ts'
import { foldText, TEXT_JUDGED_MAX } from './fold-text.ts'
import { createWordBoundaries, isLetter, type WordBoundaries } from './word-boundaries.ts'

/** A message's text as rules look at it. */
export interface JudgedText {
  readonly folded: string
  readonly boundaries: WordBoundaries
  /** The text went on: its end is not known. */
  readonly isCut: boolean
  /** Where its first letter or digit stands and behind the last one: `¿Precio?` begins and ends with `precio`. */
  readonly firstLetter: number
  readonly lastLetterEnd: number
}

export function judgeText(text: string): JudgedText {
  const isCut = text.length > TEXT_JUDGED_MAX
  const folded = foldText(isCut ? text.slice(0, TEXT_JUDGED_MAX) : text)
  let firstLetter = 0
  while (firstLetter < folded.length && !isLetter(folded.charCodeAt(firstLetter))) firstLetter++
  let lastLetterEnd = folded.length
  while (lastLetterEnd > firstLetter && !isLetter(folded.charCodeAt(lastLetterEnd - 1))) lastLetterEnd--
  return { folded, boundaries: createWordBoundaries(folded), isCut, firstLetter, lastLetterEnd }
}

/** Whether a phrase that stands in the text from `start` to `end` matches in this way. Words are matched whole. */
export function isMatch(type: Exclude<MatchType, 'regex'>, text: JudgedText, start: number, end: number): boolean {
  const isFirst = start === 0 || start === text.firstLetter
  const isLast = !text.isCut && (end === text.folded.length || end === text.lastLetterEnd)
  if (type === 'exact' && !(isFirst && isLast)) return false
  if (type === 'starts_with' && !isFirst) return false
  if (type === 'ends_with' && !isLast) return false
  return text.boundaries.startsAt(start) && text.boundaries.endsAt(start, end)
}
