import { RE2JS, RE2Set } from 're2js'

/** Instructions of a compiled pattern, and of all of a page's: they bound the worst case, which is their number times the text's length. */
export const REGEX_SIZE_MAX = 500
export const REGEX_SIZES_MAX = 2_000
/** Memory for states of all of a page's patterns, bytes; beyond it states are forgotten and made again. */
const STATES_BYTES_MAX = 2_097_152
/** Texts are matched by so many characters of their beginning. */
export const REGEX_TEXT_MAX = 1_000

/**
 * RE2 has no back-references and no look-around, and never goes back: any pattern takes time linear in the text. It is
 * matched against the folded text (`foldText`), so that accents and case do not matter in the text; accents in the
 * pattern are taken off, too.
 */
function plainPattern(pattern: string): string {
  return pattern
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
}

/** What is wrong with a pattern, or its size. */
export function regexSize(pattern: string): { readonly size: number } | { readonly problem: string } {
  try {
    const size = RE2JS.compile(plainPattern(pattern), RE2JS.CASE_INSENSITIVE).programSize()
    return size > REGEX_SIZE_MAX
      ? { problem: `is too large when compiled (${size} of at most ${REGEX_SIZE_MAX} steps)` }
      : { size }
  } catch (error) {
    // The library's own class for every way in which a pattern can be wrong.
    if (error instanceof Error && error.name.startsWith('RE2JS'))
      return { problem: `is no regular expression of RE2: ${error.message}` }
    throw error
  }
}

/** Matches all patterns in one pass. Answers the indexes of those that are found in the folded text. */
export function createRegexSet(patterns: readonly string[]): (folded: string) => readonly number[] {
  if (patterns.length === 0) return () => []
  const set = new RE2Set(RE2Set.UNANCHORED, RE2JS.CASE_INSENSITIVE, STATES_BYTES_MAX)
  for (const pattern of patterns) set.add(plainPattern(pattern))
  set.compile()
  return (folded) => set.match(folded.length > REGEX_TEXT_MAX ? folded.slice(0, REGEX_TEXT_MAX) : folded)
}
