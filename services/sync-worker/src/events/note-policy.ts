import { webhookStamp } from '@pagesync/shared/model/stamp.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { EventEffect } from './event-effect.ts'

/** Facebook blocks pages for its policies, and takes that back: the page keeps what it said last. In any order. */
export async function notePolicy(
  effects: readonly EventEffect[],
  { pages }: { readonly pages: Pick<Pages, 'update'> },
): Promise<void> {
  for (const { event, page } of effects) {
    if (event.type !== 'facebook.policy_enforcement') continue
    const { policy_enforcement, 'policy-enforcement': hyphened } = event.raw
    const { action } = (policy_enforcement ?? hyphened ?? {}) as { readonly action?: unknown }
    if (typeof action !== 'string') continue
    const policy = { action: action.slice(0, 32), stamp: webhookStamp(event.time_ms) }
    await pages.update(page.tenant_id, page.id, (row) =>
      (row.policy?.stamp ?? 0) >= policy.stamp ? null : { ...row, policy },
    )
  }
}
