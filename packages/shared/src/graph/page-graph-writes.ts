import { AppError } from '../errors/app-error.ts'
import { nextCursor } from './graph-shapes.ts'
import type { BucketName } from './page-budget.ts'
import { type CallGuard, createPageCalls, type PageCallsDeps, type PlainRequest } from './page-calls.ts'

/** Whom a message goes to: a person, or whoever wrote a comment. */
export type SendRecipient = { readonly id: string } | { readonly comment_id: string }

export interface SendRequest {
  readonly recipient: SendRecipient
  readonly message: Readonly<Record<string, unknown>>
  readonly messagingType?: string
  readonly tag?: string
  readonly replyTo?: string
}

export interface ThreadControl {
  readonly action: 'take' | 'pass' | 'release'
  readonly psid: string
  readonly targetAppId?: string
  readonly metadata?: string
}

/**
 * What we write at Facebook for one page, within the page's budget. All throw AppError as `GraphClient` does. Sends
 * are never repeated; what is as good twice as once is.
 */
export interface PageGraphWrites {
  /** Facebook's Send API. The answer names the message; of a lost answer, see `mayHaveTakenEffect`. */
  send(
    request: SendRequest,
    guard: CallGuard,
  ): Promise<{ readonly mid: string; readonly psid: string | null; readonly requestedAtMs: number }>
  markSeen(psid: string, guard: CallGuard): Promise<void>
  updatePage(fields: Readonly<Record<string, string>>, guard: CallGuard): Promise<void>
  /** Has Facebook send us these webhook fields of the page and no others: it replaces the set. */
  subscribe(fields: readonly string[]): Promise<void>
  /** The id of the page's custom label of this name; null where there is none. */
  findLabel(name: string): Promise<string | null>
  createLabel(name: string): Promise<string>
  putLabel(labelId: string, psid: string): Promise<void>
  takeLabelOff(labelId: string, psid: string): Promise<void>
  /** Names of the labels that the person has. */
  labelsOf(psid: string): Promise<readonly string[]>
  threadControl(control: ThreadControl, guard: CallGuard): Promise<void>
  /** The app that controls the thread with this person; null while nobody does. */
  threadOwner(psid: string): Promise<string | null>
  calls(): number
}

const LABELS_PER_PAGE = 100
const LABEL_PAGES_MAX = 20
const THREAD_CONTROL_CALLS = {
  take: 'take_thread_control',
  pass: 'pass_thread_control',
  release: 'release_thread_control',
}

export function createPageGraphWrites(deps: PageCallsDeps): PageGraphWrites {
  const calls = createPageCalls(deps)
  const page = nodePath(deps.facebookPageId)
  const call = async (bucket: BucketName, request: PlainRequest, guard?: CallGuard) => {
    try {
      return await calls.plain(bucket, request, guard)
    } catch (error) {
      throw named(error)
    }
  }

  /** All labels of a listing, by name. */
  const labels = async (path: string): Promise<Map<string, string>> => {
    const found = new Map<string, string>()
    let after: string | null = null
    for (let pages = 0; pages < LABEL_PAGES_MAX; pages++) {
      const params = { fields: 'id,page_label_name', limit: LABELS_PER_PAGE, ...(after === null ? {} : { after }) }
      const { body }: { body: Readonly<Record<string, unknown>> } = await call('page', { method: 'GET', path, params })
      for (const label of Array.isArray(body.data) ? (body.data as Record<string, unknown>[]) : []) {
        const name = label.page_label_name ?? label.name
        if (typeof name === 'string' && typeof label.id === 'string') found.set(name, label.id)
      }
      after = nextCursor(body as Parameters<typeof nextCursor>[0])
      if (after === null) break
    }
    return found
  }
  const label = (method: 'POST' | 'DELETE') => async (labelId: string, psid: string) => {
    await call('page', { method, path: `${nodePath(labelId)}/label`, params: { user: psid }, repeatable: true })
  }

  return {
    async send({ recipient, message, messagingType, tag, replyTo }, guard) {
      const params = {
        recipient: JSON.stringify(recipient),
        message: JSON.stringify(message),
        messaging_type: messagingType,
        tag,
        ...(replyTo === undefined ? {} : { reply_to: JSON.stringify({ mid: replyTo }) }),
      }
      const request = { method: 'POST', path: `${page}/messages`, params } as const
      const { body, requestedAtMs } = await call('send', request, guard)
      // An answer that does not name the message says as little as none.
      if (typeof body.message_id !== 'string' || body.message_id === '')
        throw new AppError('FACEBOOK_UNAVAILABLE', "Facebook's answer to a send names no message")
      const psid = typeof body.recipient_id === 'string' ? body.recipient_id : null
      return { mid: body.message_id, psid, requestedAtMs }
    },
    async markSeen(psid, guard) {
      const params = { recipient: JSON.stringify({ id: psid }), sender_action: 'mark_seen' }
      await call('send', { method: 'POST', path: `${page}/messages`, params, repeatable: true }, guard)
    },
    async updatePage(fields, guard) {
      await call('page', { method: 'POST', path: page, params: fields, repeatable: true }, guard)
    },
    async subscribe(fields) {
      const params = { subscribed_fields: fields.join(',') }
      await call('page', { method: 'POST', path: `${page}/subscribed_apps`, params, repeatable: true })
    },
    findLabel: async (name) => (await labels(`${page}/custom_labels`)).get(name) ?? null,
    async createLabel(name) {
      const { body } = await call('page', {
        method: 'POST',
        path: `${page}/custom_labels`,
        params: { page_label_name: name },
      })
      if (typeof body.id === 'string') return body.id
      throw new AppError('FACEBOOK_UNAVAILABLE', "Facebook's answer names no label")
    },
    putLabel: label('POST'),
    takeLabelOff: label('DELETE'),
    labelsOf: async (psid) => [...(await labels(`${nodePath(psid)}/custom_labels`)).keys()],
    async threadControl({ action, psid, targetAppId, metadata }, guard) {
      const path = `${page}/${THREAD_CONTROL_CALLS[action]}`
      const params = { recipient: JSON.stringify({ id: psid }), target_app_id: targetAppId, metadata }
      await call('send', { method: 'POST', path, params, repeatable: true }, guard)
    },
    async threadOwner(psid) {
      const { body } = await call('send', {
        method: 'GET',
        path: `${page}/thread_owner`,
        params: { recipient: psid },
      })
      const [first] = Array.isArray(body.data) ? (body.data as { thread_owner?: { app_id?: unknown } }[]) : []
      const appId = first?.thread_owner?.app_id
      return appId === undefined ? null : String(appId)
    },
    calls: () => calls.count(),
  }
}

const nodePath = (id: string): string => `/${encodeURIComponent(id)}`

const OTHER_APP_OWNS: ReadonlySet<number> = new Set([2018300, 2018321, 2534037])

/** Facebook says "another app controls this thread" as a subcode of "permission denied", too. */
function named(error: unknown): unknown {
  if (!(error instanceof AppError) || error.code === 'THREAD_OWNED_BY_OTHER_APP') return error
  const { facebook } = error
  if (facebook?.subcode === undefined || !OTHER_APP_OWNS.has(facebook.subcode)) return error
  return new AppError('THREAD_OWNED_BY_OTHER_APP', error.message, { facebook, cause: error })
}
