import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { type Automations, createAutomations } from '@pagesync/shared/store/repositories/automations.ts'
import { createRulesCache } from '@pagesync/shared/store/repositories/compiled-rules.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const FRESH_MS = 2_000
const HOUR_MS = 3_600_000

describe('compiled rules', () => {
  let folder: string
  let store: Store
  let rules: Automations
  let lastPage = 0
  const clock = createTestClock(Date.now())

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pagesync-rules-'))
    store = await openStore(`embedded:${folder}`)
    await ensureCollections(store)
    rules = createAutomations(store, createSequences(store))
  })
  afterAll(async () => {
    await store?.[Symbol.asyncDispose]()
    await rm(folder, { recursive: true, force: true })
  })

  /** A page with an automation and so many keywords. */
  const pageWith = async (keywords: number): Promise<number> => {
    const of = { tenantId: 't', pageId: ++lastPage }
    const content = { name: 'k', type: 'custom_keyword' as const, is_active: true, config: {}, order: 0 }
    const [automation] = await rules.automations.insert(of, [content], clock.now())
    const word = { match_type: 'exact' as const, response_message: 'x', is_active: true, automation_id: automation!.id }
    const words = Array.from({ length: keywords }, (_, i) => ({ ...word, keyword: `word ${i}` }))
    await rules.keywords.insert(of, words, clock.now())
    await rules.changed(of.pageId)
    return of.pageId
  }
  const turnOff = async (pageId: number): Promise<void> => {
    const [row] = await rules.automations.findAll({ page_id: pageId }, 1)
    await rules.automations.update(row!, (stored) => ({ ...stored, is_active: false }), clock.now())
  }

  it('are compiled once while nobody changes them, and anew once somebody did', async () => {
    const cache = createRulesCache(rules, clock, FRESH_MS)
    const pages = [await pageWith(1), await pageWith(2), await pageWith(3)]
    const first = await cache.of(pages)
    expect([...first.keys()]).toEqual(pages)
    await clock.advance(2 * HOUR_MS)
    const later = await cache.of(pages)
    for (const page of pages) expect(later.get(page)).toBe(first.get(page))
    await turnOff(pages[0]!)
    await rules.changed(pages[0]!)
    expect((await cache.of(pages)).get(pages[0]!)).toBe(first.get(pages[0]!))
    await clock.advance(FRESH_MS)
    const changed = await cache.of(pages)
    expect(changed.get(pages[0]!)?.automations[0]?.rule.is_active).toBe(false)
    expect(changed.get(pages[1]!)).toBe(first.get(pages[1]!))
  })

  it('are read again in the end also where whoever changed them died before saying so', async () => {
    const cache = createRulesCache(rules, clock, FRESH_MS)
    const page = await pageWith(1)
    await cache.of([page])
    await turnOff(page)
    await clock.advance(HOUR_MS)
    expect((await cache.of([page])).get(page)?.automations[0]?.rule.is_active).toBe(false)
  })

  it('of the pages that were asked for last are kept, so many rules together', async () => {
    // A page, its automation and two keywords are four.
    const cache = createRulesCache(rules, clock, FRESH_MS, 8)
    const [a, b, c] = [await pageWith(2), await pageWith(2), await pageWith(2)]
    const of = async (page: number) => (await cache.of([page])).get(page)
    const [firstA, firstB] = [await of(a), await of(b)]
    expect(await of(a)).toBe(firstA)
    await of(c)
    expect(await of(a)).toBe(firstA)
    expect(await of(b)).not.toBe(firstB)
    const large = await pageWith(20)
    expect((await cache.of([a, b, large])).size).toBe(3)
  })
})
