import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'

export interface PageDirectory {
  /** The connected page behind each of Facebook's page ids; ids that nobody connected are left out. */
  find(facebookPageIds: Iterable<string>): Promise<ReadonlyMap<string, PageRow>>
}

/** A page connected or disconnected elsewhere is noticed after this at the latest. */
const FRESH_MS = 3_000
const ENTRIES_MAX = 20_000

/** Remembers for a moment who holds a page, unknown ones too: a stream of events of one page costs one look-up. */
export function createPageDirectory(pages: Pages, clock: Clock): PageDirectory {
  const known = new Map<string, { readonly page: PageRow | undefined; readonly readAtMs: number }>()

  const lookUp = async (facebookPageId: string): Promise<PageRow | undefined> => {
    const entry = known.get(facebookPageId)
    const now = clock.now()
    if (entry && now - entry.readAtMs < FRESH_MS) return entry.page
    const page = await pages.findConnected(facebookPageId)
    if (known.size >= ENTRIES_MAX) known.clear()
    known.set(facebookPageId, { page, readAtMs: now })
    return page
  }

  return {
    async find(facebookPageIds) {
      const found = new Map<string, PageRow>()
      for (const id of facebookPageIds) {
        const page = await lookUp(id)
        if (page) found.set(id, page)
      }
      return found
    },
  }
}
