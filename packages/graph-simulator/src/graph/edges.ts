import type { SimulatedPage } from '../world.ts'
import { readApp, readSubscriptions, subscribeApp, unsubscribeApp } from './app-node.ts'
import type { CallKind } from './call-log.ts'
import { readConversation, readMessage, readMessages } from './conversation-node.ts'
import { conversationsEdge } from './conversations-edge.ts'
import type { GraphContext } from './graph-request.ts'
import * as labels from './labels.ts'
import { readAccounts, readIdsForPages, readUser } from './me-node.ts'
import { moderateConversations } from './moderate-conversations.ts'
import { readPage, updatePage } from './page-node.ts'
import { readProfile } from './profile-node.ts'
import { sendToPerson } from './send-message.ts'
import { readSubscribedApps, subscribePage, unsubscribePage } from './subscribed-apps.ts'
import * as thread from './thread-control.ts'

/** Runs a call on the node that its id named. */
type Run<Node> = (context: GraphContext, page: SimulatedPage, node: Node) => unknown

/** Edge (`''` is the node itself) → method → what the call is. */
export type Edges<Node> = Readonly<
  Record<string, Readonly<Partial<Record<string, readonly [kind: CallKind, run: Run<Node>]>>>>
>

/** Everything of Facebook's that this simulator has; what is not here, Facebook refuses too. */
export const PAGE_EDGES: Edges<undefined> = {
  '': { GET: ['page', readPage], POST: ['page_update', updatePage] },
  conversations: { GET: ['conversations', conversationsEdge] },
  messages: { POST: ['send', sendToPerson] },
  subscribed_apps: {
    GET: ['subscribed_apps', readSubscribedApps],
    POST: ['subscribed_apps', subscribePage],
    DELETE: ['subscribed_apps', unsubscribePage],
  },
  custom_labels: { GET: ['labels', labels.listLabels], POST: ['labels', labels.createLabel] },
  moderate_conversations: { POST: ['moderate', moderateConversations] },
  thread_owner: { GET: ['thread_control', thread.readOwner] },
  pass_thread_control: { POST: ['thread_control', thread.pass] },
  take_thread_control: { POST: ['thread_control', thread.take] },
  request_thread_control: { POST: ['thread_control', thread.request] },
  release_thread_control: { POST: ['thread_control', thread.release] },
  extend_thread_control: { POST: ['thread_control', thread.extend] },
}

/** Neither updated nor deleted, and no `mute`, `archive` or `read`: Facebook has none of them. */
export const CONVERSATION_EDGES: Edges<number> = {
  '': { GET: ['conversation', readConversation] },
  messages: { GET: ['messages', readMessages] },
}

export const MESSAGE_EDGES: Edges<string> = { '': { GET: ['message', readMessage] } }

export const LABEL_EDGES: Edges<string> = {
  '': { GET: ['label', labels.readLabel], DELETE: ['label', labels.deleteLabel] },
  label: { POST: ['label', labels.putOn], DELETE: ['label', labels.takeOff] },
}

export const PERSON_EDGES: Edges<number> = {
  '': { GET: ['profile', readProfile] },
  custom_labels: { GET: ['labels', labels.listLabelsOf] },
}

export const USER_EDGES: Edges<undefined> = {
  '': { GET: ['me', readUser] },
  accounts: { GET: ['accounts', readAccounts] },
  ids_for_pages: { GET: ['accounts', readIdsForPages] },
}

export const APP_EDGES: Edges<undefined> = {
  '': { GET: ['app', readApp] },
  subscriptions: {
    GET: ['subscriptions', readSubscriptions],
    POST: ['subscriptions', subscribeApp],
    DELETE: ['subscriptions', unsubscribeApp],
  },
}
