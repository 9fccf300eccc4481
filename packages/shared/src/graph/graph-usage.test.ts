import { expect, test } from 'vitest'
import { longestWaitMs, mergeUsage, readUsage } from './graph-usage.ts'

const PAGE = '104000000000001'
const row = (type: string, percent: number, minutes = 0) => ({
  type,
  call_count: percent,
  total_cputime: 1,
  total_time: 2,
  estimated_time_to_regain_access: minutes,
})

test('the highest of the three percentages of a header counts', () => {
  expect(readUsage({ 'x-app-usage': '{"call_count":28,"total_time":25,"total_cputime":31}' })).toEqual({
    all: { percent: 31, waitMs: 0 },
  })
})

test('the page usage header of old counts for everything, as the app usage does', () => {
  const headers = { 'x-app-usage': '{"call_count":10}', 'x-page-usage': '{"call_count":85,"total_time":2}' }
  expect(readUsage(headers)).toEqual({ all: { percent: 85, waitMs: 0 } })
})

test('each business use case counts for its own kind of calls, and minutes become milliseconds', () => {
  const business = { [PAGE]: [row('pages', 97, 19), row('messenger', 12)] }
  const usage = readUsage({ 'x-business-use-case-usage': JSON.stringify(business) }, PAGE)
  expect(usage).toEqual({
    pages: { percent: 97, waitMs: 19 * 60_000 },
    messenger: { percent: 12, waitMs: 0 },
  })
  expect(longestWaitMs(usage)).toBe(19 * 60_000)
})

test("another page's usage does not count where the page's own is told", () => {
  const business = { '999': [row('messenger', 100, 60)], [PAGE]: [row('messenger', 5)] }
  const headers = { 'x-business-use-case-usage': JSON.stringify(business) }
  expect(readUsage(headers, PAGE)).toEqual({ messenger: { percent: 5, waitMs: 0 } })
})

test('a usage under an id that is not the page counts where the page has none of its own: it is its business', () => {
  const headers = { 'x-business-use-case-usage': JSON.stringify({ '999': [row('messenger', 81)] }) }
  expect(readUsage(headers, PAGE)).toEqual({ messenger: { percent: 81, waitMs: 0 } })
})

test('a use case of another name counts for everything', () => {
  const headers = { 'x-business-use-case-usage': JSON.stringify({ [PAGE]: [row('instagram', 90)] }) }
  expect(readUsage(headers, PAGE)).toEqual({ all: { percent: 90, waitMs: 0 } })
})

test('no header, a broken one and one of another shape tell nothing', () => {
  expect(readUsage({})).toEqual({})
  expect(readUsage({ 'x-app-usage': '{"call_count":', 'x-page-usage': '7' })).toEqual({})
  expect(readUsage({ 'x-business-use-case-usage': '{"1":"soon","2":[null,3]}' })).toEqual({})
  expect(readUsage({ 'x-app-usage': ['{"call_count":5}', '{"call_count":6}'] })).toEqual({})
})

test('numbers that cannot be meant are taken as nothing, and no wait is longer than a day', () => {
  expect(readUsage({ 'x-app-usage': '{"call_count":"90","total_time":-5}' })).toEqual({
    all: { percent: 0, waitMs: 0 },
  })
  const headers = { 'x-business-use-case-usage': JSON.stringify({ [PAGE]: [row('messenger', 100, 1e9)] }) }
  expect(readUsage(headers).messenger?.waitMs).toBe(24 * 60 * 60_000)
})

test('of two usages the higher percentage and the longer wait are kept, scope by scope', () => {
  const one = { all: { percent: 10, waitMs: 0 }, pages: { percent: 90, waitMs: 60_000 } }
  const other = { pages: { percent: 95, waitMs: 0 }, messenger: { percent: 1, waitMs: 0 } }
  expect(mergeUsage(one, other)).toEqual({
    all: { percent: 10, waitMs: 0 },
    pages: { percent: 95, waitMs: 60_000 },
    messenger: { percent: 1, waitMs: 0 },
  })
})
