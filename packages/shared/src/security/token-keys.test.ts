import { Type } from '@sinclair/typebox'
import { describe, expect, test } from 'vitest'
import { TokenSettings } from '../config/common-config.ts'
import { loadConfig } from '../config/load-config.ts'
import type { AppError } from '../errors/app-error.ts'
import { parseTokenKeys, tokenKeyProblems } from './token-keys.ts'

const KEY = Buffer.alloc(32, 0xa5).toString('base64')
const OTHER = Buffer.alloc(32, 0x5a).toString('base64url')
const SHORT = Buffer.alloc(16, 0xa5).toString('base64')

describe('TOKEN_KEYS', () => {
  test('is a ring of named keys, in their order, in either form of Base64', () => {
    expect(parseTokenKeys(`2026-11:${KEY}, 2026-05:${OTHER}`)).toEqual([
      { id: '2026-11', key: Buffer.alloc(32, 0xa5) },
      { id: '2026-05', key: Buffer.alloc(32, 0x5a) },
    ])
  })

  test('names a key that is lost, which seals nothing', () => {
    expect(parseTokenKeys(`2026-11:${KEY},2026-05:lost`)).toEqual([
      { id: '2026-11', key: Buffer.alloc(32, 0xa5) },
      { id: '2026-05', key: null },
    ])
    expect(tokenKeyProblems('2026-05:lost')).toEqual(['has at place 1 a lost key, where the one that seals must be'])
  })

  test.each([
    ['a key without a name', KEY, [/^has at place 1 no name/]],
    ['name and key the wrong way round', `${KEY}:2026-11`, [/^has at place 1 no name/]],
    ['a key of 16 bytes', `a:${SHORT}`, [/^has for a a key of 16 bytes where it must be 32$/]],
    ['no key', 'a:', [/^has for a a key of 0 bytes/]],
    ['letters outside Base64', `a:${KEY.replace('p', '!')}`, [/^has for a a key that is not Base64$/]],
    ['a name twice', `a:${KEY},a:${OTHER}`, [/^names the key a twice$/]],
    ['an empty place at the end', `a:${KEY},`, [/^has at place 2 no name/]],
    ['all of it at once', `a:${SHORT},b:?,${KEY}`, [/^has for a/, /^has for b/, /^has at place 3/]],
    ['too many', Array.from({ length: 17 }, (_, i) => `k${i}:${KEY}`).join(), [/^holds more than 16 keys$/]],
  ])('is refused with %s, and nothing of a key is shown', (_what, text, expected) => {
    const problems = tokenKeyProblems(text)
    expect(problems).toHaveLength(expected.length)
    for (const [i, pattern] of expected.entries()) expect(problems[i]).toMatch(pattern)
    for (const secret of [KEY, OTHER, SHORT]) expect(problems.join()).not.toContain(secret.slice(0, 8))
    expect(() => parseTokenKeys(text)).toThrow(problems[0])
  })

  test('is told together with every other problem of the configuration', () => {
    const schema = Type.Object({ ...TokenSettings, PORT: Type.Integer() })
    const problemsOf = (environment: Record<string, string>) => {
      try {
        loadConfig(schema, environment)
      } catch (error) {
        return (error as AppError).problems.map(({ path }) => path)
      }
      return []
    }
    expect(problemsOf({})).toEqual(['TOKEN_KEYS', 'PORT'])
    expect(problemsOf({ TOKEN_KEYS: `a:${SHORT},b:${SHORT}` })).toEqual(['PORT', 'TOKEN_KEYS', 'TOKEN_KEYS'])
    expect(problemsOf({ TOKEN_KEYS: `a:${KEY}`, PORT: '1' })).toEqual([])
  })
})
