import type { SimulatedPage } from '../world.ts'
import { fieldsText } from './conversation-fields.ts'
import { listConversations } from './conversations-edge.ts'
import { GraphError } from './graph-error.ts'
import type { GraphContext } from './graph-request.ts'
import { type FieldGetter, type NodeType, narrow, plain } from './select-fields.ts'

/** Fields of the page node that a GET may ask for (a part of the 153 in Meta's api_specs/specs/Page.json). */
const STORED_FIELDS = [
  'name',
  'username',
  'category',
  'category_list',
  'about',
  'description',
  'bio',
  'phone',
  'website',
  'emails',
  'link',
  'cover',
  'fan_count',
  'followers_count',
  'single_line_address',
  'location',
  'hours',
  'is_published',
  'verification_status',
  'has_transitioned_to_new_page_experience',
  'mission',
  'company_overview',
  'general_info',
  'founded',
  'price_range',
  'parking',
  'payment_options',
  'whatsapp_number',
  'is_messenger_platform_bot',
  'instagram_business_account',
  'talking_about_count',
  'rating_count',
  'overall_star_rating',
  'store_number',
  'global_brand_page_name',
  'temporary_status',
  'impressum',
  'products',
  'culinary_team',
  'public_transit',
  'restaurant_services',
  'restaurant_specialties',
] as const

const stored: FieldGetter<SimulatedPage, GraphContext> = (page, wanted) =>
  narrow(page.details[wanted.name], wanted.fields)

/** Tokens of people live for an hour or two, or for about 60 days. */
const SHORT_LIVED_MS = 86_400_000

const FIELDS: Record<string, FieldGetter<SimulatedPage, GraphContext>> = {
  ...Object.fromEntries(STORED_FIELDS.map((name) => [name, stored])),
  id: (page) => page.id,
  unread_message_count: (page) => page.store.unreadTotal(),
  // Somebody who may act for the page always gets a living one; the field is not there for anybody else.
  access_token: (page, _wanted, { world, token }) => {
    const mayAct = token?.kind === 'user' ? token.scopes.has('pages_show_list') : token?.pageId === page.id
    if (!mayAct) return undefined
    const now = world.clock.now()
    const leftMs = token?.kind === 'user' && token.expiresAt !== 0 ? token.expiresAt - now : SHORT_LIVED_MS
    // It lives no longer than a short-lived token that it is taken with; with a long-lived one it has no end.
    if (leftMs < SHORT_LIVED_MS) return world.tokens.issue('page', now, { pageId: page.id, lifetimeMs: leftMs }).token
    const living =
      world.tokens.ofPage(page.id).findLast(({ state }) => state === 'valid') ??
      world.tokens.issue('page', now, { pageId: page.id })
    return living.token
  },
  picture: (page, wanted) => {
    const size = Number(wanted.parameters.width ?? wanted.parameters.height ?? 50)
    const url = `https://scontent.xx.example/v/t39.30808-1/${page.id}_p${size}.jpg?oh=00_AfB`
    return narrow({ data: { height: size, is_silhouette: false, url, width: size } }, wanted.fields)
  },
  conversations: (page, wanted, context) =>
    listConversations(context, page, {
      folder: wanted.parameters.folder,
      platform: wanted.parameters.platform,
      limit: wanted.parameters.limit,
      after: wanted.parameters.after,
      fields: wanted.fields,
      fieldsText: fieldsText(wanted.fields),
    }),
}

/** The switch `forbiddenFields` makes a field fail the whole call, as fields without permission do. */
export const PAGE_NODE: NodeType<SimulatedPage, GraphContext> = {
  name: 'Page',
  defaults: plain('name', 'id'),
  fields: Object.fromEntries(
    Object.entries(FIELDS).map(([name, getter]) => [
      name,
      (page: SimulatedPage, wanted, context) => {
        const code = context.world.switches.forbiddenFields[name]
        if (code !== undefined) throw forbidden(code, name)
        return getter(page, wanted, context)
      },
    ]) as [string, FieldGetter<SimulatedPage, GraphContext>][],
  ),
}

function forbidden(code: number, field: string): GraphError {
  if (code === 10) {
    return new GraphError(10, `(#10) Application does not have permission for this action: field ${field}`)
  }
  if (code === 200) return new GraphError(200, `(#200) Insufficient permission to access the field ${field}`)
  return new GraphError(code, `(#${code}) Tried accessing nonexisting field (${field}) on node type (Page)`)
}
