import type { ConversationView } from '../data/page-store.ts'
import type { SimulatedPage } from '../world.ts'
import type { WantedField } from './field-selection.ts'
import type { GraphContext } from './graph-request.ts'
import { messagesEdge } from './messages-edge.ts'
import { pageAsUser, personAsUser, threadOf } from './people.ts'
import { graphTime, type NodeType, narrow, plain } from './select-fields.ts'

export interface ConversationSource {
  readonly page: SimulatedPage
  readonly view: ConversationView
}

const users = ({ page, view }: ConversationSource) => [
  ...view.people.map((person) => personAsUser(page, person)),
  pageAsUser(page),
]

function snippet({ page, view }: ConversationSource): string {
  const newest = page.store.readMessages(view.number, { limit: 1, hideDeleted: true })?.[0]
  const text = newest?.text ?? (newest?.attachments ? 'sent an attachment.' : '')
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

const isReachable = ({ page, view }: ConversationSource) =>
  view.people.every((person) => page.people.get(person)?.available !== false)

/** Text form of the nested fields, for the `next` of the nested listing. */
export const fieldsText = (fields: readonly WantedField[] | undefined): string | undefined =>
  fields
    ?.map(({ name, parameters, fields: inner }) => {
      const modifiers = Object.entries(parameters).map(([key, value]) => `.${key}(${value})`)
      return name + modifiers.join('') + (inner === undefined ? '' : `{${fieldsText(inner)}}`)
    })
    .join(',')

const FIELDS: NodeType<ConversationSource, GraphContext>['fields'] = {
  id: ({ page, view }) => threadOf(page, view.number),
  updated_time: ({ view }) => graphTime(view.updatedAt),
  link: ({ page, view }) => `/${page.id}/inbox/${page.store.ids.threads.encode(view.number)}/?section=messages`,
  message_count: ({ view }) => view.messageCount,
  unread_count: ({ view }, _wanted, { world }) =>
    view.unread > 0 || world.switches.unreadCountWhenZero ? view.unread : undefined,
  snippet: (source) => snippet(source),
  can_reply: (source) => isReachable(source),
  is_subscribed: () => true,
  is_owner: ({ view }, _wanted, { world }) => view.owner === undefined || view.owner.appId === world.app.id,
  folder: ({ view }) => view.folder,
  scoped_thread_key: ({ page, view }) => threadOf(page, view.number),
  participants: (source, wanted) => ({ data: narrow(users(source), wanted.fields) }),
  senders: (source, wanted) => ({ data: narrow(users(source), wanted.fields) }),
  former_participants: (_source, _wanted) => ({ data: [] }),
  name: () => undefined,
  wallpaper: () => undefined,
  messages: ({ page, view }, wanted, context) =>
    messagesEdge(
      context,
      page,
      view.number,
      {
        limit: wanted.parameters.limit,
        after: wanted.parameters.after,
        fields: wanted.fields,
        fieldsText: fieldsText(wanted.fields),
      },
      context.world.switches.maxNestedMessages,
    ),
}

export const CONVERSATION_NODE: NodeType<ConversationSource, GraphContext> = {
  name: 'UnifiedThread',
  fields: FIELDS,
  defaults: plain('id', 'updated_time', 'link'),
}
