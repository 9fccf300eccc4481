/** Letters that Unicode does not take apart into a plain one and a mark. */
export const PLAIN_LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ł: 'l',
  ı: 'i',
}

/** The words of a name without case, accents and other marks: what a search compares. */
export function nameWords(name: string): string[] {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[ßæœøđðþłı]/g, (letter) => PLAIN_LETTERS[letter] ?? letter)
  return plain.match(/[\p{L}\p{N}]+/gu) ?? []
}

/** Tells whether every word of the query begins some word of the name. A query without words finds nothing. */
export function createNameMatch(query: string): (name: string | null) => boolean {
  const wanted = nameWords(query)
  return (name) => {
    if (name === null || wanted.length === 0) return false
    const words = nameWords(name)
    return wanted.every((prefix) => words.some((word) => word.startsWith(prefix)))
  }
}
