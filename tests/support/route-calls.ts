import type { ThingKind, Things } from './tenant-things.ts'

/** How a route is called well. Ids in the path are filled in by themselves: see `paramThing`. */
export interface RouteCall {
  /** Ids of another tenant in it must be refused like those in the path. */
  readonly body?: object | ((things: Things) => Promise<object>)
  /** The same for the query: members named `…_id`. It is called without those as well. */
  readonly query?: (things: Things) => Promise<Readonly<Record<string, string>>>
  /** What an id in the path is the id of, where it is not what its name says. */
  readonly of?: Readonly<Record<string, ThingKind>>
  /** What the owner's call answers; any status below 300 by itself. */
  readonly ok?: number
  /** An answer that never ends by itself. */
  readonly stream?: true
  /** Its answer may hold ids that the caller tried: of another tenant it must hold nothing all the same. */
  readonly showsOwnTries?: true
  /** Open to everybody: the reason why. */
  readonly open?: string
}

const plain: RouteCall = {}
const randomDigits = (): string => String(Math.floor(Math.random() * 1e12))

/**
 * EVERY route below `/api/facebook`, by method and path. A route that is not here fails the isolation matrix
 * (`tests/integration/api/isolation.test.ts`): add one line for each route that you add.
 */
export const ROUTE_CALLS: Readonly<Record<string, RouteCall>> = {
  'GET /pages': plain,
  'GET /pages/:id': plain,
  'POST /pages': { body: async () => ({ facebook_page_id: randomDigits(), access_token: 'token' }) },
  'DELETE /pages/:id': plain,
  'POST /pages/:id/reconnect': { body: { access_token: 'token' } },
  'POST /connect/start': plain,
  'GET /connect/callback': { open: 'a browser comes back with it; its state and its cookie are checked' },
  'POST /connect': { body: { access_token: 'token' } },
  'GET /accounts': plain,
  'POST /accounts/:id/sync-pages': plain,
  'DELETE /accounts/:id': plain,
  'PATCH /pages/:id': { body: { settings: { muted_label: 'Quiet' } } },
  'GET /pages/:id/schedule': plain,
  'PUT /pages/:id/schedule': { body: { timezone: 'Asia/Phnom_Penh' } },
  'POST /pages/:pageId/sync-from-facebook': plain,
  'POST /pages/:pageId/sync-contacts-from-facebook': plain,
  'POST /pages/:pageId/sync-conversations': plain,
  'POST /pages/:pageId/full-sync-from-facebook': plain,
  'GET /pages/:pageId/sync-status': plain,
  'GET /pages/:pageId/sync-history': plain,
  'PUT /pages/:pageId/update-to-facebook': { body: { about: 'Coffee' } },
  'POST /pages/:pageId/send-message': { body: { recipient_id: '70009999', message: 'Hello' } },
  'GET /pages/:id/conversations': plain,
  'GET /pages/:id/conversations/unanswered': plain,
  'GET /pages/:id/contacts': plain,
  'GET /pages/:id/comments': plain,
  'POST /comments/:commentId/private-reply': { body: { message: 'We wrote to you.' } },
  'GET /conversations/:id': plain,
  'PATCH /conversations/:id': { body: { status: 'closed' } },
  'GET /conversations/:id/messages': plain,
  'POST /conversations/:conversationId/messages': { body: { message: 'On its way!' } },
  'POST /conversations/:conversationId/sync-messages-from-facebook': plain,
  'POST /conversations/:conversationId/sync-status-from-facebook': plain,
  'POST /conversations/:conversationId/archive-on-facebook': plain,
  'POST /conversations/:conversationId/unarchive-on-facebook': plain,
  'POST /conversations/:conversationId/mute-on-facebook': plain,
  'POST /conversations/:conversationId/unmute-on-facebook': plain,
  'POST /conversations/:conversationId/mark-read-on-facebook': plain,
  'POST /conversations/:conversationId/thread-control': { body: { action: 'take' } },
  'GET /contacts/:id': plain,
  'DELETE /contacts/:id': plain,
  'GET /erasures/:id': plain,
  'POST /deauthorize': { open: 'signed by Facebook' },
  'POST /data-deletion': { open: 'signed by Facebook' },
  'GET /data-deletion/:code': { open: 'who has the code was given it by Facebook' },
  'PUT /contacts/:contactId': { body: { notes: 'x' } },
  'PUT /contacts/:contactId/update-in-system': { body: { notes: 'x' } },
  'GET /commands': { query: async ({ page }) => ({ page_id: String((await page()).id) }) },
  'GET /commands/:id': plain,
  'POST /commands/:id/cancel': plain,
  'POST /commands/:id/retry': { ok: 409 },
  'GET /dead-letters': plain,
  'GET /dead-letters/:id': plain,
  'POST /dead-letters/:id/replay': plain,
  'DELETE /dead-letters/:id': plain,
  'GET /pages/:pageId/automations': plain,
  'POST /pages/:pageId/automations': { body: { name: 'FAQs', type: 'faq' } },
  'GET /automations/:id': plain,
  'PUT /automations/:id': { body: { name: 'Other words' } },
  'DELETE /automations/:id': plain,
  'PUT /pages/:pageId/automations/order': {
    body: async ({ make }) => ({ ids: [Number(await make('keywords'))] }),
  },
  'POST /pages/:pageId/automations/test': { body: { text: 'do you ship?' } },
  'GET /pages/:pageId/automatic-replies': plain,
  'GET /automations/:id/instant-replies': plain,
  'POST /automations/:id/instant-replies': { body: { trigger: 'new_message', message: 'Hello' } },
  'PUT /instant-replies/:id': { body: { include_name: true } },
  'DELETE /instant-replies/:id': plain,
  'GET /automations/:id/keywords': plain,
  'POST /automations/:id/keywords': { body: { keyword: 'a', match_type: 'exact', response_message: 'b' } },
  'PUT /keywords/:id': { body: { match_type: 'starts_with' } },
  'DELETE /keywords/:id': plain,
  'GET /pages/:pageId/faqs': plain,
  'POST /pages/:pageId/faqs': { body: { question: 'Where?', answer: 'Here.' } },
  'GET /faqs/:id': plain,
  'PUT /faqs/:id': { body: { answer: 'There.' } },
  'DELETE /faqs/:id': plain,
  'GET /pages/:pageId/faqs/search': { query: async () => ({ q: 'open' }) },
  'GET /pages/:pageId/faqs/stats': plain,
  'GET /pages/:pageId/faq-categories': plain,
  'POST /pages/:pageId/faqs/bulk-import': { body: { faqs: [{ question: 'Who?', answer: 'We.' }] } },
  'POST /faqs/:faqId/send/:conversationId': plain,
  'POST /faq-logs/:id/feedback': { body: { feedback: 'helpful' } },
  'GET /settings': plain,
  'PUT /settings': { body: { retention: { messages_days: 30 } } },
  'GET /events': { stream: true },
  'POST /api-keys': { body: async ({ page }) => ({ name: 'CRM', scopes: ['read'], page_ids: [(await page()).id] }) },
  'GET /api-keys': plain,
  'DELETE /api-keys/:id': plain,
  'GET /statistics': plain,
  'GET /statistics/series': {
    query: async ({ page }) => ({ metric: 'messages_in', page_id: String((await page()).id) }),
  },
  'GET /audit-log': { showsOwnTries: true },
  'POST /tenants': { body: { name: 'Another' } },
  'GET /tenants': plain,
  'DELETE /tenants/:id': { of: { id: 'spareTenant' } },
  'POST /tenants/:id/api-keys': { body: { name: 'CRM', scopes: ['read'] } },
  'GET /tenants/:id/api-keys': plain,
  'DELETE /tenants/:id/api-keys/:keyId': plain,
  'POST /tokens/reseal': plain,
}
