import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'

export interface PageDirectory {
  /** The connected page behind each of Facebook's page ids; ids that nobody connected are left out. */
  find(facebookPageIds: Iterable<string>): Promise<ReadonlyMap<string, PageRow>>
}

/** What else of a page changes is noticed after this at the latest; who holds it is asked of the store each time. */
const FRESH_MS = 3_000
const ENTRIES_MAX = 20_000

interface Known {
  readonly page: PageRow | undefined
  readonly heldAs: string | undefined
  readonly readAtMs: number
}

/**
 * Remembers pages for a moment, unknown ones too: a batch of events costs one look at who holds its pages. That alone is
 * not remembered, or what is written to one tenant's page would be stored with the one that had it before.
 */
export function createPageDirectory(pages: Pick<Pages, 'findConnected' | 'heldAs'>, clock: Clock): PageDirectory {
  const known = new Map<string, Known>()

  const lookUp = async (facebookPageId: string, heldAs: string | undefined): Promise<PageRow | undefined> => {
    const entry = known.get(facebookPageId)
    const now = clock.now()
    if (entry && entry.heldAs === heldAs && now - entry.readAtMs < FRESH_MS) return entry.page
    const page = await pages.findConnected(facebookPageId)
    if (known.size >= ENTRIES_MAX) known.clear()
    known.set(facebookPageId, { page, heldAs, readAtMs: now })
    return page
  }

  return {
    async find(facebookPageIds) {
      const found = new Map<string, PageRow>()
      const ids = [...new Set(facebookPageIds)]
      const held = await pages.heldAs(ids)
      for (const id of ids) {
        const page = await lookUp(id, held.get(id))
        if (page) found.set(id, page)
      }
      return found
    },
  }
}
