import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { splitText } from './split-text.ts'

describe('splitting a text', () => {
  it('breaks at the end of a line before the end of a word, and in the middle of one only where there is neither', () => {
    expect(splitText('aaaa bbb\ncc dd', 12)).toEqual(['aaaa bbb\ncc', 'dd'])
    expect(splitText('aaaaaaaaa\nbb cc', 12)).toEqual(['aaaaaaaaa', 'bb cc'])
    expect(splitText('a'.repeat(25), 10)).toEqual(['a'.repeat(10), 'a'.repeat(10), 'a'.repeat(5)])
  })

  it('loses nothing but white space at the breaks, cuts no emoji, and keeps every part within the limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 400 }), fc.integer({ min: 5, max: 60 }), (text, max) => {
        const parts = splitText(text, max)
        for (const part of parts) expect([...part].length).toBeLessThanOrEqual(max)
        expect(parts.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''))
      }),
    )
  })
})
