import { newCommandId } from '@pagesync/shared/model/command.ts'
import { createTokenSealer } from '@pagesync/shared/security/seal-tokens.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { ALL_SCOPES, createTenants } from '@pagesync/shared/store/repositories/tenants.ts'
import type { Demonstration } from './demonstration.ts'
import { provisionRules } from './provision-rules.ts'

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
  const pages = createPages(store, createSequences(store), createTokenSealer(demonstration.token_keys))
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
  await subscribeWebhooks(store, page, nowMs)
  await provisionRules(store, page, nowMs)
  return { id: page.id, created: created || page.last_synced_ms === null }
}

/** As connecting a page does: the worker finds the command in the ledger. */
async function subscribeWebhooks(store: Store, page: PageRow, nowMs: number): Promise<void> {
  const command = {
    commandId: newCommandId(nowMs),
    tenantId: page.tenant_id,
    pageId: page.id,
    facebookPageId: page.facebook_page_id,
    conversationKey: null,
    type: 'page.subscribe_webhooks',
    arguments: {},
    requestedBy: { kind: 'system', id: 'demonstration' },
    trigger: 'reconnect',
  } as const
  if (page.webhook_subscribed !== true) await createLedger(store).accept(command, nowMs)
}
