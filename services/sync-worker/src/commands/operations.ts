import type { CommandType } from '@pagesync/shared/model/command.ts'
import { checkPageToken } from '../health/check-page-token.ts'
import { subscribePageWebhooks } from '../health/subscribe-page-webhooks.ts'
import {
  archiveConversationOnFacebook,
  unarchiveConversationOnFacebook,
} from '../push/archive-conversation-on-facebook.ts'
import { markConversationAsReadOnFacebook } from '../push/mark-conversation-as-read-on-facebook.ts'
import { muteConversationOnFacebook, unmuteConversationOnFacebook } from '../push/mute-conversation-on-facebook.ts'
import { sendMessage } from '../push/send-message.ts'
import { sendPrivateReply } from '../push/send-private-reply.ts'
import { controlThread } from '../push/thread-control.ts'
import { updatePageDetailsToFacebook } from '../push/update-page-details-to-facebook.ts'
import { fullSyncFromFacebook } from '../sync/full-sync-from-facebook.ts'
import { resolveContactProfile } from '../sync/resolve-contact-profile.ts'
import { syncContactsFromFacebook } from '../sync/sync-contacts-from-facebook.ts'
import { syncConversationStatusFromFacebook } from '../sync/sync-conversation-status-from-facebook.ts'
import { syncConversationsFromFacebook } from '../sync/sync-conversations-from-facebook.ts'
import { syncMessagesFromFacebook } from '../sync/sync-messages-from-facebook.ts'
import { syncPageDetailsFromFacebook } from '../sync/sync-page-details-from-facebook.ts'
import type { Operation } from './operation.ts'

/** Which operation does which command. A type that is missing here is refused when it comes in. */
const OPERATIONS: Partial<Record<CommandType, Operation>> = {
  'page.sync_details': syncPageDetailsFromFacebook,
  'page.sync_contacts': syncContactsFromFacebook,
  'page.sync_conversations': syncConversationsFromFacebook,
  'page.full_sync': fullSyncFromFacebook,
  'contact.resolve_profile': resolveContactProfile,
  'conversation.sync_messages': syncMessagesFromFacebook,
  'conversation.sync_status': syncConversationStatusFromFacebook,
  'page.subscribe_webhooks': subscribePageWebhooks,
  'page.check_token': checkPageToken,
  'page.update': updatePageDetailsToFacebook,
  'conversation.archive': archiveConversationOnFacebook,
  'conversation.unarchive': unarchiveConversationOnFacebook,
  'conversation.mute': muteConversationOnFacebook,
  'conversation.unmute': unmuteConversationOnFacebook,
  'conversation.mark_read': markConversationAsReadOnFacebook,
  'conversation.thread_control': controlThread,
  'message.send': sendMessage,
  'comment.private_reply': sendPrivateReply,
}

export function operationOf(type: CommandType): Operation | undefined {
  return OPERATIONS[type]
}
