import { RE2JS, RE2Set } from 're2js'
import { foldText } from './fold-text.ts'

/** Instructions of a compiled pattern, and of all of a page's: they bound the worst case, which is their number times the text's length. */
export const REGEX_SIZE_MAX = 500
export const REGEX_SIZES_MAX = 2_000
/** Memory for states of all of a page's patterns, bytes; beyond it states are forgotten and made again. */
const STATES_BYTES_MAX = 2_097_152
/** Texts are matched by so many characters of their beginning. */
export const REGEX_TEXT_MAX = 1_000

/** Folded run by run: the blanks of a pattern are not folded into one. */
const FOREIGN = /(?:(?!\s)\P{ASCII})+/gu
const FOREIGN_BLANK = /(?!\p{ASCII})\s/gu
const SIGN = /[\\^$.*+?()[\]{}|-]/g

/**
 * The pattern for folded texts (`foldText`): its own letters are folded, since the text has only such. What becomes a
 * sign of patterns (`？`) is only that sign. A range whose ends change places (`[ก-๙]`) stays as it is, with the pattern.
 *
 * RE2 has no back-references and no look-around, and never goes back: any pattern takes time linear in the text.
 */
function foldedPattern(pattern: string): string {
  const folded = pattern
    .replace(FOREIGN_BLANK, ' ')
    .replace(FOREIGN, (run) => foldText(run).replace(SIGN, (sign) => `\\${sign}`))
  return folded === pattern || 'problem' in compile(folded) ? pattern : folded
}

function compile(pattern: string): { readonly size: number } | { readonly problem: string } {
  try {
    return { size: RE2JS.compile(pattern, RE2JS.CASE_INSENSITIVE).programSize() }
  } catch (error) {
    // The library's own class for every way in which a pattern can be wrong.
    if (error instanceof Error && error.name.startsWith('RE2JS'))
      return { problem: `is no regular expression of RE2: ${error.message}` }
    throw error
  }
}

/** What is wrong with a pattern, or its size. */
export function regexSize(pattern: string): { readonly size: number } | { readonly problem: string } {
  const compiled = compile(foldedPattern(pattern))
  if ('size' in compiled && compiled.size > REGEX_SIZE_MAX)
    return { problem: `is too large when compiled (${compiled.size} of at most ${REGEX_SIZE_MAX} steps)` }
  return compiled
}

/** What is wrong with patterns that are matched together, each of which is well by itself; null: nothing. */
export function regexesProblem(patterns: readonly string[]): string | null {
  const sizes = patterns.map(regexSize).map((compiled) => ('size' in compiled ? compiled.size : 0))
  const size = sizes.reduce((sum, each) => sum + each, 0)
  return size > REGEX_SIZES_MAX ? `makes the page's patterns too large together (${REGEX_SIZES_MAX} steps)` : null
}

/** Matches all patterns in one pass. Answers the indexes of those that are found in the folded text. */
export function createRegexSet(patterns: readonly string[]): (folded: string) => readonly number[] {
  if (patterns.length === 0) return () => []
  const set = new RE2Set(RE2Set.UNANCHORED, RE2JS.CASE_INSENSITIVE, STATES_BYTES_MAX)
  for (const pattern of patterns) set.add(foldedPattern(pattern))
  set.compile()
  return (folded) => set.match(folded.length > REGEX_TEXT_MAX ? folded.slice(0, REGEX_TEXT_MAX) : folded)
}
