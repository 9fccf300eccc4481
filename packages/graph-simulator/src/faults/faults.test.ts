import { expect, test } from 'vitest'
import { startTestSimulator, type TestSimulator } from '../testing/start-simulator.ts'

const fail = (simulator: TestSimulator, action: object, rest: object = {}) =>
  simulator.ask('POST', 'faults', [{ ...rest, action }])

test('the next three calls of a kind answer an HTML 502, others and later ones are right', async () => {
  await using simulator = await startTestSimulator()
  await fail(simulator, { html: true, status: 502 }, { match: { kind: 'conversations' }, times: 3 })
  const answers = []
  for (let i = 0; i < 4; i++) {
    const { status, headers } = await simulator.get('/me/conversations')
    answers.push([status, headers.get('content-type')?.split(';')[0]])
    expect((await simulator.get('/me')).status).toBe(200)
  }
  expect(answers).toEqual([...Array(3).fill([502, 'text/html']), [200, 'application/json']])
  expect((await simulator.ask('GET', 'faults')).body.faults).toEqual([])
})

test('bodies can be empty, cut in the middle, or anything', async () => {
  await using simulator = await startTestSimulator()
  await fail(simulator, { empty: true })
  expect((await simulator.get('/me')).body).toBeUndefined()
  await fail(simulator, { truncate: true })
  expect((await simulator.get('/me')).body).toBe('{"name":"Riverside Café"')
  await fail(simulator, { body: { data: 'odd' }, status: 201 })
  expect(await simulator.get('/me')).toMatchObject({ status: 201, body: { data: 'odd' } })
})

test('an error of Facebook can be made, with every member and the minutes of a rate limit', async () => {
  await using simulator = await startTestSimulator()
  await fail(simulator, {
    error: {
      code: 80006,
      subcode: 2446079,
      status: 403,
      is_transient: true,
      user_title: 'T',
      user_msg: 'M',
      regain_minutes: 7,
    },
  })
  const { status, body, headers } = await simulator.get('/me/conversations')
  expect(status).toBe(403)
  expect(body.error).toMatchObject({
    code: 80006,
    error_subcode: 2446079,
    is_transient: true,
    error_user_title: 'T',
    error_user_msg: 'M',
  })
  expect(
    JSON.parse(headers.get('x-business-use-case-usage')!)[simulator.pageId][0].estimated_time_to_regain_access,
  ).toBe(7)
})

test('connections can be reset, hang, or be late', async () => {
  await using simulator = await startTestSimulator()
  await fail(simulator, { reset: true })
  await expect(simulator.get('/me')).rejects.toThrow()
  await fail(simulator, { timeout: true })
  const hanging = fetch(`${simulator.url}/me?access_token=${simulator.token}`, { signal: AbortSignal.timeout(100) })
  await expect(hanging).rejects.toThrow(/timeout|aborted/i)
  await fail(simulator, { delay_ms: 60 })
  const begun = performance.now()
  expect((await simulator.get('/me')).status).toBe(200)
  expect(performance.now() - begun).toBeGreaterThan(50)
})

test('a call can be done and answered wrongly', async () => {
  await using simulator = await startTestSimulator()
  await fail(simulator, { apply: true, error: { code: 2 } }, { match: { kind: 'page_update' } })
  expect((await simulator.graph('POST', '/me', { about: 'Done all the same' })).status).toBe(500)
  expect((await simulator.get('/me?fields=about')).body.about).toBe('Done all the same')
  await fail(simulator, { error: { code: 2 } }, { match: { method: 'POST' } })
  await simulator.graph('POST', '/me', { about: 'Not done' })
  expect((await simulator.get('/me?fields=about')).body.about).toBe('Done all the same')
})

test('a fault is picked by method, path, page, parameter and number', async () => {
  await using simulator = await startTestSimulator({ pages: [{}, {}] })
  const other = simulator.pages[1]!
  const error = { error: { code: 2 } }
  await fail(simulator, error, { match: { page: other.facebookPageId } })
  expect((await simulator.get('/me')).status).toBe(200)
  expect((await simulator.get('/me', other.accessToken)).status).toBe(500)
  await fail(simulator, error, { match: { query: { folder: 'page_done' } } })
  expect((await simulator.get('/me/conversations')).status).toBe(200)
  expect((await simulator.get('/me/conversations?folder=page_done')).status).toBe(500)
  await fail(simulator, error, { match: { path: '/^\\/t_\\d+\\/messages$/', nth: 2 } })
  const { body } = await simulator.get('/me/conversations?limit=1')
  const path = `/${body.data[0].id}/messages`
  expect([
    (await simulator.get(path)).status,
    (await simulator.get(path)).status,
    (await simulator.get(path)).status,
  ]).toEqual([200, 500, 200])
})

test('faults can be listed and taken back, wrong ones are refused', async () => {
  await using simulator = await startTestSimulator()
  const { body } = await fail(simulator, { reset: true }, { times: 5 })
  expect((await simulator.ask('GET', 'faults')).body.faults).toMatchObject([{ id: body.ids[0], left: 5 }])
  await simulator.ask('DELETE', `faults/${body.ids[0]}`)
  expect((await simulator.get('/me')).status).toBe(200)
  expect((await fail(simulator, {})).status).toBe(400)
  expect((await fail(simulator, { explode: true })).body.problems[0]).toContain('explode')
  expect((await fail(simulator, { reset: true }, { match: { path: '/[/' } })).status).toBe(400)
  expect((await fail(simulator, { reset: true }, { match: { kind: 'nothing' } })).status).toBe(400)
})
