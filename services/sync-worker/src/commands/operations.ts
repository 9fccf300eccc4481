import type { CommandType } from '@pagesync/shared/model/command.ts'
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
}

export function operationOf(type: CommandType): Operation | undefined {
  return OPERATIONS[type]
}
