/** Parts of at most `max` characters: at the end of a line or of a word where there is one in the last quarter. */
export function splitText(text: string, max: number): string[] {
  const parts: string[] = []
  // By code points: half of an emoji is none.
  let rest = [...text]
  while (rest.length > max) {
    const end = breakBefore(rest, max)
    parts.push(rest.slice(0, end).join('').trimEnd())
    rest = [...rest.slice(end).join('').trimStart()]
  }
  if (rest.length > 0) parts.push(rest.join(''))
  return parts.filter((part) => part.trim() !== '')
}

function breakBefore(characters: readonly string[], max: number): number {
  for (const isBreak of [(c: string) => c === '\n', (c: string) => /\s/.test(c)]) {
    for (let i = max; i >= max * 0.75; i--) if (isBreak(characters[i] as string)) return i
  }
  return max
}
