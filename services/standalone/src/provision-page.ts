import type { Store } from '@pagesync/shared/store/collection.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { ALL_SCOPES, createTenants } from '@pagesync/shared/store/repositories/tenants.ts'
import type { Demonstration } from './demonstration.ts'

export interface ProvisionedPage {
  readonly id: number
  /** True at the very first start: then nothing of the page is synced yet. */
  readonly created: boolean
}

const TENANT_ID = 't_demonstration'

/** The demonstration's tenant, API key and connected page. At a second start they are there already. */
export async function provisionPage(
  store: Store,
  demonstration: Demonstration,
  nowMs: number,
): Promise<ProvisionedPage> {
  const tenants = createTenants(store)
  await tenants.create('Demonstration', nowMs, TENANT_ID)
  await tenants.createApiKey(
    { tenantId: TENANT_ID, name: 'demonstration', scopes: [...ALL_SCOPES] },
    nowMs,
    demonstration.api_key,
  )
  const pages = createPages(store, createSequences(store))
  const { page, created } = await pages.connect(
    {
      tenantId: TENANT_ID,
      facebookPageId: demonstration.facebook_page_id,
      accessToken: demonstration.page_access_token,
      name: 'Riverside Café',
    },
    nowMs,
  )
  // Off until a person turns it on; here that person is us, to show it. What they turn off stays off.
  if (page.settings === undefined)
    await pages.update(TENANT_ID, page.id, (row) => ({ ...row, settings: { mirror_labels: true } }))
  return { id: page.id, created: created || page.last_synced_ms === null }
}
