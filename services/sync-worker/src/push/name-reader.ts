import { fillTemplate } from '@pagesync/shared/automations/fill-template.ts'
import { AppError, toAppError } from '@pagesync/shared/errors/app-error.ts'
import type { Profile } from '@pagesync/shared/graph/page-graph.ts'
import { type ContactRow, conversationKey } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'
import { AGAIN_AFTER_MS } from '../commands/request-profiles.ts'
import { saveProfile } from '../sync/resolve-contact-profile.ts'

/** A reply waits no longer than this for the name of who reads it, and goes without it then. */
const NAME_WAIT_MS = 1_000
/** Of these, so long for the page's budget: a crowd of new people must not hold up the replies to all. */
const BUDGET_WAIT_MS = 300

/**
 * The words of a reply that is to name its reader. A webhook names nobody, so who writes for the first time is not known
 * when that is decided: Facebook is asked right before the reply goes out. Null where no name is to be had in time.
 */
export async function nameReader(template: string, psid: string, context: OperationContext): Promise<string | null> {
  const { synced, page, clock, connected } = context
  const [contact] = await synced.contacts.getMany([conversationKey(page.id, psid)])
  if (!contact) return null
  // Facebook did not tell, and is asked again some other day.
  const isAskable = connected && (contact.profile_due_ms ?? Infinity) <= clock.now() + AGAIN_AFTER_MS
  const name = contact.name ?? (isAskable ? await askForName(contact, context) : null)
  return name === null ? null : fillTemplate(template, { name, firstName: null, pageName: page.name ?? '' })
}

async function askForName(contact: ContactRow, context: OperationContext): Promise<string | null> {
  const profile = await profileInTime(contact.psid, context)
  if (!profile || profile.name === null) return null
  return (await saveProfile(contact, profile, context)).name
}

async function profileInTime(
  psid: string,
  { graph, clock, signal, logger }: OperationContext,
): Promise<Profile | undefined> {
  const late = new AbortController()
  const done = new AbortController()
  const after = async (ms: number): Promise<void> => clock.sleep(ms, done.signal).catch(() => undefined)
  void after(BUDGET_WAIT_MS).then(() => late.abort(new AppError('FACEBOOK_RATE_LIMITED', 'No call was left in time')))
  const begin = (): void => late.signal.throwIfAborted()
  const asked = graph.profile(psid, { until: late.signal, begin }).catch((thrown: unknown) => {
    const { code } = toAppError(thrown)
    if (!signal.aborted) logger.info({ code }, 'name was not learned for a reply')
    return undefined
  })
  const profile = await Promise.race([asked, after(NAME_WAIT_MS).then(() => undefined)])
  done.abort()
  signal.throwIfAborted()
  return profile
}
