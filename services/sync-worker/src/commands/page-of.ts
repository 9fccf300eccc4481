import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'

/**
 * The command's page as it stands; undefined where it was erased, also when it was connected anew since: then it is
 * another one. Read by its key: many commands' reads of one moment are one call.
 */
export async function pageOf(
  { tenant_id, page_id, facebook_page_id }: CommandRow,
  { pages }: { readonly pages: Pick<Pages, 'ofFacebook'> },
): Promise<PageRow | undefined> {
  const [page] = await pages.ofFacebook(tenant_id, [facebook_page_id])
  return page?.id === page_id ? page : undefined
}
