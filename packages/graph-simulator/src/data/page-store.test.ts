import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Folder } from './generated-conversation.ts'
import type { PagePlan } from './page-plan.ts'
import { createPageStore } from './page-store.ts'

const EPOCH = Date.UTC(2026, 10, 22)

const plan = (count: number, overrides: Partial<PagePlan['shape']> = {}): PagePlan => ({
  seed: 9,
  facebookPageId: '1',
  epoch: EPOCH,
  shape: {
    count,
    longShare: 0.05,
    longMessages: 100,
    shortMin: 1,
    shortMax: 20,
    doneShare: 0.2,
    otherShare: 0,
    spamShare: 0,
    recentCustomers: Math.min(3, count),
    historyDays: 100,
    profileDeniedShare: 0,
    profilePhoneShare: 0,
    ...overrides,
  },
})

const listAll = (store: ReturnType<typeof createPageStore>, folder: Folder, pageSize: number): number[] => {
  const found: number[] = []
  let after: { updatedAt: number; tie: number } | undefined
  for (;;) {
    const page = store.list({ folder, limit: pageSize, ...(after === undefined ? {} : { after }) })
    found.push(...page.map(({ number }) => number))
    const last = page.at(-1)
    if (last === undefined || page.length < pageSize) return found
    after = last
  }
}

test('generated conversations fall strictly in time, long ones are exactly the share asked for', () => {
  const store = createPageStore(plan(2_000))
  const views = [...Array(2_000).keys()].map((number) => store.view(number)!)
  for (let i = 1; i < views.length; i++) expect(views[i]!.updatedAt).toBeLessThan(views[i - 1]!.updatedAt)
  expect(views.filter(({ messageCount }) => messageCount === 100)).toHaveLength(100)
  expect(views.every(({ messageCount }) => messageCount === 100 || messageCount <= 20)).toBe(true)
})

test('the newest message of a conversation has its updated_time, and messages fall strictly in time', () => {
  const store = createPageStore(plan(50))
  for (let number = 0; number < 50; number++) {
    const messages = store.readMessages(number, { limit: 200, hideDeleted: true })!
    const view = store.view(number)!
    expect(messages).toHaveLength(view.messageCount)
    expect(messages[0]!.createdAt).toBe(view.updatedAt)
    for (let i = 1; i < messages.length; i++) expect(messages[i]!.createdAt).toBeLessThan(messages[i - 1]!.createdAt)
  }
})

test('the same seed generates the same, another one something else', () => {
  const texts = (seed: number) =>
    createPageStore({ ...plan(20), seed })
      .readMessages(5, { limit: 5, hideDeleted: true })
      ?.map(({ text }) => text)
  expect(texts(1)).toEqual(texts(1))
  expect(texts(1)).not.toEqual(texts(2))
})

/** What may happen to a page, and a plain list that says what must be listed then. */
type Step =
  | { readonly do: 'write'; readonly at: number; readonly backMs: number }
  | { readonly do: 'folder'; readonly at: number; readonly folder: Folder }
  | { readonly do: 'remove'; readonly at: number }
  | { readonly do: 'add' }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('write' as const), at: fc.nat(60), backMs: fc.constantFrom(0, 0, 0, 86_400_000 * 10) }),
  fc.record({
    do: fc.constant('folder' as const),
    at: fc.nat(60),
    folder: fc.constantFrom<Folder>('inbox', 'page_done', 'spam'),
  }),
  fc.record({ do: fc.constant('remove' as const), at: fc.nat(60) }),
  fc.record({ do: fc.constant('add' as const) }),
)

test('whatever happened, a listing is what a plain sorted list says, at any page size', () => {
  fc.assert(
    fc.property(
      fc.nat(40),
      fc.array(step, { maxLength: 200 }),
      fc.integer({ min: 1, max: 30 }),
      (count, steps, pageSize) => {
        const store = createPageStore(plan(count))
        const model = new Map<number, { at: number; order: number; folder: Folder }>()
        for (let i = 0; i < count; i++) {
          const { updatedAt, folder } = store.view(i)!
          model.set(i, { at: updatedAt, order: -i, folder })
        }
        let now = EPOCH
        let order = 0
        for (const one of steps) {
          now += 1_000
          if (one.do === 'add') {
            model.set(store.addConversation([store.addPerson()], 'inbox', now), {
              at: now,
              order: ++order,
              folder: 'inbox',
            })
            continue
          }
          const known = model.get(one.at)
          if (known === undefined) continue
          if (one.do === 'remove') {
            store.remove(one.at)
            model.delete(one.at)
          } else if (one.do === 'folder') {
            store.setFolder(one.at, one.folder)
            known.folder = one.folder
          } else {
            const createdAt = now - one.backMs
            const serial = store.nextSerial(one.at)
            store.addMessage(one.at, { serial, createdAt, author: one.at }, { unread: 'more', window: true })
            if (createdAt >= known.at) Object.assign(known, { at: createdAt, order: ++order })
          }
        }
        for (const folder of ['inbox', 'page_done', 'spam'] as const) {
          const expected = [...model]
            .filter(([, { folder: own }]) => own === folder)
            .sort(([, a], [, b]) => b.at - a.at || b.order - a.order)
            .map(([number]) => number)
          expect(listAll(store, folder, pageSize)).toEqual(expected)
        }
      },
    ),
    { numRuns: 150 },
  )
})

test('a message written into the past stands at its time and leaves updated_time alone', () => {
  const store = createPageStore(plan(5))
  const before = store.readMessages(2, { limit: 200, hideDeleted: true })!
  const between = before[1]!.createdAt - 1
  const serial = store.nextSerial(2)
  store.addMessage(2, { serial, createdAt: between, author: 2, text: 'late' }, { unread: 'more', window: true })
  const after = store.readMessages(2, { limit: 200, hideDeleted: true })!
  expect(after.map(({ serial: one }) => one).indexOf(serial)).toBe(2)
  expect(store.view(2)!.updatedAt).toBe(before[0]!.createdAt)
  expect(store.readMessages(2, { after: serial, limit: 1, hideDeleted: true })![0]!.serial).toBe(before[2]!.serial)
})
