import { isInSpacedWord } from './word-boundaries.ts'

interface Node<V> {
  readonly next: Map<number, Node<V>>
  values: V[] | null
}

/** Phrases as a tree of their characters: a text is read once, however many phrases there are. */
export interface PhraseIndex<V> {
  /**
   * Every place of every phrase in a folded text where a word might begin, by characters alone: boundaries are for the
   * caller to check. The bound is the text's length times the longest phrase's.
   */
  search(text: string, found: (value: V, start: number, end: number) => void): void
}

/** `phrase` is folded and not empty. */
export function createPhraseIndex<V>(phrases: Iterable<readonly [phrase: string, value: V]>): PhraseIndex<V> {
  const root: Node<V> = { next: new Map(), values: null }
  for (const [phrase, value] of phrases) {
    let node = root
    for (let i = 0; i < phrase.length; i++) {
      const unit = phrase.charCodeAt(i)
      let next = node.next.get(unit)
      if (!next) {
        next = { next: new Map(), values: null }
        node.next.set(unit, next)
      }
      node = next
    }
    node.values ??= []
    node.values.push(value)
  }
  const begins = new Uint8Array(0x10000)
  for (const unit of root.next.keys()) begins[unit] = 1
  return {
    search(text, found) {
      let isInWord = false
      for (let start = 0; start < text.length; start++) {
        const unit = text.charCodeAt(start)
        const wasInWord = isInWord
        isInWord = isInSpacedWord(unit, wasInWord)
        // Inside a word of a script with blanks nothing can begin.
        if (begins[unit] === 1 && !(isInWord && wasInWord)) walk(root, text, start, found)
      }
    },
  }
}

function walk<V>(
  root: Node<V>,
  text: string,
  start: number,
  found: (value: V, start: number, end: number) => void,
): void {
  let node: Node<V> | undefined = root
  for (let i = start; i < text.length; i++) {
    node = node.next.get(text.charCodeAt(i))
    if (!node) return
    if (node.values) for (const value of node.values) found(value, start, i + 1)
  }
}
