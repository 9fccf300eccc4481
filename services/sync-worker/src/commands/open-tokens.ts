import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'

const PAGES_MAX = 1_000

/**
 * A page's token, read and opened once for each state of its row: whoever connects a page writes its row after its
 * token, so a row that did not change since has the token that it had.
 */
export function createOpenTokens(pages: Pick<Pages, 'accessToken'>): Pages['accessToken'] {
  const known = new Map<number, { readonly rev: number; readonly token: string }>()
  return async (page: PageRow) => {
    const opened = known.get(page.id)
    if (opened?.rev === page.rev) return opened.token
    const token = await pages.accessToken(page)
    known.delete(page.id)
    if (token === undefined) return undefined
    if (known.size >= PAGES_MAX) known.delete(known.keys().next().value as number)
    known.set(page.id, { rev: page.rev, token })
    return token
  }
}
