import { loadConfig } from '@pagesync/shared/config/load-config.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { expect, test } from 'vitest'
import { ApiConfig } from './config.ts'

const RIGHT = {
  EVENT_LOG_URL: 'kafka://kafka:9092',
  STORE_URL: 'mongodb://mongo:27017/pagesync',
  FB_APP_ID: '1029384756',
  FB_APP_SECRET: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  TOKEN_KEYS: `a:${Buffer.alloc(32, 1).toString('base64')}`,
  ERASURE_KEY: 'an-erasure-key-of-the-tests-0123456789',
}

function problemsOf(environment: Record<string, string>): string[] {
  try {
    loadConfig(ApiConfig, environment)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    expect(error.message).not.toContain(environment.OPERATOR_TOKEN)
    return error.problems.map(({ path }) => path)
  }
  return []
}

test("the operator's token is one that a bearer can be asked for", () => {
  expect(problemsOf({ ...RIGHT, OPERATOR_TOKEN: 'abcXYZ019._~+/=-abcXYZ019._~+/=-' })).toEqual([])
  for (const letter of ['!', ' ', '"', 'é', ':', '@'])
    expect(problemsOf({ ...RIGHT, OPERATOR_TOKEN: `${'a'.repeat(40)}${letter}` }), letter).toEqual(['OPERATOR_TOKEN'])
  expect(problemsOf({ ...RIGHT, OPERATOR_TOKEN: 'a'.repeat(31) })).toEqual(['OPERATOR_TOKEN'])
})
