import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMovableClock } from '../clock/movable-clock.ts'
import { createSimulator } from '../create-simulator.ts'
import { startTestSimulator, type TestSimulator } from '../testing/start-simulator.ts'

async function temporaryFile() {
  const folder = await mkdtemp(join(tmpdir(), 'simulator-journal-'))
  return { file: join(folder, 'deep', 'journal.ndjson'), [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
}

const NOW = 1_795_000_000_000
const start = (journalFile: string, at = NOW) =>
  startTestSimulator({
    journalFile,
    clock: createMovableClock(at, true),
    pages: [{ conversations: { count: 12, recentCustomers: 3 } }],
  })

const everything = async (simulator: TestSimulator) => {
  const { body } = await simulator.ask('GET', 'conversations?limit=1000')
  const whole = []
  for (const { conversation_id } of body.conversations)
    whole.push((await simulator.ask('GET', `conversations/${conversation_id}`)).body)
  const page = (await simulator.get('/me?fields=about,phone')).body
  const apps = (await simulator.get('/me/subscribed_apps')).body
  return { whole, page, apps, labels: (await simulator.get('/me/custom_labels?fields=page_label_name')).body.data }
}

async function live(simulator: TestSimulator) {
  const { body: written } = await simulator.ask('POST', 'messages', { text: 'new', name: 'Ada' })
  await simulator.ask('POST', 'messages', { text: 'again', psid: written.psid })
  await simulator.graph('POST', '/me/messages', {
    recipient: { id: written.psid },
    message: { text: 'answer', metadata: 'c' },
  })
  await simulator.ask('POST', 'events', { kind: 'message_edit', mid: written.mid, text: 'newer' })
  const { body } = await simulator.get('/me/conversations?limit=9&fields=messages.limit(2),participants')
  await simulator.ask('DELETE', `messages/${body.data[5].messages.data[1].id}`)
  await simulator.ask('PATCH', `conversations/${body.data[6].id}`, { folder: 'page_done' })
  await simulator.ask('DELETE', `conversations/${body.data[7].id}`)
  await simulator.ask('POST', 'events', { kind: 'take_thread_control', psid: body.data[8].participants.data[0].id })
  const { body: label } = await simulator.graph('POST', '/me/custom_labels', { page_label_name: 'Archived' })
  await simulator.graph('POST', `/${label.id}/label?user=${written.psid}`)
  await simulator.graph('POST', '/me', { about: 'Changed', phone: '' })
  await simulator.graph('POST', '/me/subscribed_apps?subscribed_fields=messages')
}

test('a simulator started again on its journal is the one that it was, and goes on with new ids', async () => {
  await using place = await temporaryFile()
  const first = await start(place.file)
  await live(first)
  const before = await everything(first)
  const token = first.token
  await first.close()
  await using second = await start(place.file, NOW + 60_000)
  expect(await everything(second)).toEqual(before)
  expect(second.token).toBe(token)
  const { body: written } = await second.ask('POST', 'messages', { text: 'later' })
  expect(JSON.stringify(before)).not.toContain(written.mid)
  expect(JSON.stringify(before)).not.toContain(written.psid)
})

test('a day later the recent customers have written again within the last hour', async () => {
  await using place = await temporaryFile()
  await (await start(place.file)).close()
  const later = NOW + 86_400_000
  const second = await start(place.file, later)
  const { body } = await second.ask('GET', 'conversations?folder=inbox')
  const recent = body.conversations.filter(
    ({ updated_at_ms }: { updated_at_ms: number }) => updated_at_ms > later - 3_600_000,
  )
  expect(recent).toHaveLength(3)
  const before = await everything(second)
  await second.close()
  await using third = await start(place.file, later)
  expect(await everything(third)).toEqual(before)
})

test('a line that was cut off by a crash never happened', async () => {
  await using place = await temporaryFile()
  const first = await start(place.file)
  await first.ask('POST', 'messages', { text: 'kept' })
  const before = await everything(first)
  await first.close()
  await appendFile(place.file, '{"page":"1","par')
  const second = await start(place.file)
  expect(await everything(second)).toEqual(before)
  await second.close()
  expect((await readFile(place.file, 'utf8')).endsWith('\n')).toBe(true)
})

test('a journal of another seed and a file of something else are refused; reset empties it', async () => {
  await using place = await temporaryFile()
  const first = await start(place.file)
  await first.ask('POST', 'messages', { text: 'x' })
  await first.ask('POST', 'reset')
  expect((await readFile(place.file, 'utf8')).trim().split('\n')).toHaveLength(1)
  await first.close()
  await expect(createSimulator({ seed: 1, journalFile: place.file })).rejects.toThrow('seed 42')
  await writeFile(place.file, 'hello\n')
  await expect(createSimulator({ seed: 1, journalFile: place.file })).rejects.toThrow('not a journal')
})
