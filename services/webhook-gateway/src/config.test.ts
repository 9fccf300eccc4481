import { trustedProxies } from '@pagesync/shared/config/common-config.ts'
import { loadConfig } from '@pagesync/shared/config/load-config.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { describe, expect, test } from 'vitest'
import { GatewayConfig } from './config.ts'

const RIGHT = {
  EVENT_LOG_URL: 'kafka://kafka:9092',
  STORE_URL: 'mongodb://mongo:27017/pagesync',
  FB_APP_SECRET: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  FB_VERIFY_TOKEN: 'verify-me-please',
}

function problemsOf(environment: Record<string, string>): string[] {
  try {
    loadConfig(GatewayConfig, environment)
  } catch (error) {
    if (error instanceof AppError) return error.problems.map(({ path }) => path).toSorted()
    throw error
  }
  return []
}

describe("the gateway's configuration", () => {
  test('has a default for all that need not be known', () => {
    expect(loadConfig(GatewayConfig, RIGHT)).toEqual({
      ...RIGHT,
      GATEWAY_PORT: 3031,
      GATEWAY_HOST: '0.0.0.0',
      TOPIC_PARTITIONS: 12,
      LOG_LEVEL: 'info',
    })
  })

  test('tells all that is missing or wrong at once, and no secret', () => {
    expect(problemsOf({})).toEqual(['EVENT_LOG_URL', 'FB_APP_SECRET', 'FB_VERIFY_TOKEN', 'STORE_URL'])
    const wrong = {
      EVENT_LOG_URL: 'http://kafka',
      STORE_URL: 'postgres://user:hunter2@host/',
      FB_APP_SECRET: 'hunter2',
      FB_VERIFY_TOKEN: 'hunter2',
      GATEWAY_PORT: '70000',
      TOPIC_PARTITIONS: '0',
      LOG_LEVEL: 'loud',
    }
    expect(problemsOf(wrong)).toEqual(Object.keys(wrong).toSorted())
    expect(() => loadConfig(GatewayConfig, wrong)).not.toThrow(/hunter2/)
    expect(() => loadConfig(GatewayConfig, wrong)).toThrow(/LOG_LEVEL.*"loud"/)
  })

  test('takes a variable of another service for no mistake, but one that nobody knows', () => {
    expect(problemsOf({ ...RIGHT, FB_APP_ID: '1029384756', PAGESYNC_ENGINES_DIR: '/x', PATH: '/bin' })).toEqual([])
    expect(problemsOf({ ...RIGHT, FB_APP_SECRTE: 'x', PAGESYNC_PORT: '1' })).toEqual(['FB_APP_SECRTE', 'PAGESYNC_PORT'])
  })
})

test('trusted proxies are a list by comma, or none', () => {
  expect(trustedProxies(undefined)).toBeUndefined()
  expect(trustedProxies(' , ')).toBeUndefined()
  expect(trustedProxies('10.0.0.1, 192.168.0.0/16')).toEqual(['10.0.0.1', '192.168.0.0/16'])
  expect(problemsOf({ ...RIGHT, TRUSTED_PROXIES: '10.0.0.1, fd00::/8, ::1, 192.168.0.0/16, loopback' })).toEqual([])
  for (const wrong of [
    'proxy.local',
    'all',
    '*',
    '1',
    '10.0.0.1:80',
    '10.0.0.0/33',
    '0.0.0.0/0',
    '::/129',
    '10.0.0.1/',
  ])
    expect(problemsOf({ ...RIGHT, TRUSTED_PROXIES: `10.0.0.1,${wrong}` }), wrong).toEqual(['TRUSTED_PROXIES'])
})
