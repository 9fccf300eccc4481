import { type Static, Type } from '@sinclair/typebox'

const flag = (byDefault: boolean, description: string) => Type.Boolean({ default: byDefault, description })
const count = (byDefault: number, description: string, minimum = 0) =>
  Type.Integer({ default: byDefault, description, minimum, maximum: 2_000_000_000 })
const oneOf = <T extends string>(values: readonly T[], byDefault: T, description: string) =>
  Type.Unsafe<T>(
    Type.String({ default: byDefault, description, enum: [...values], pattern: `^(${values.join('|')})$` }),
  )

/** What Facebook does not promise, or promises and does not always keep. Every default is explained in the README. */
export const SwitchesSchema = Type.Object(
  {
    // Sizes (issue 4; Meta documents none of them).
    maxConversationsPerPage: count(100, 'Conversations in one page of a listing', 1),
    maxNestedMessages: count(25, 'Messages of each conversation when nested in another call', 1),
    maxMessagesPerPage: count(100, 'Messages in one page of the messages edge', 1),
    maxMessagesPerAnswer: count(2_500, 'Messages in one answer; more is HTTP 500 code 1', 1),
    oversizedLimit: oneOf(['cap', 'refuse'], 'cap', 'A `limit` above the maximum: silently less, or code 1 subcode 99'),
    // Reading.
    shortPages: oneOf(['never', 'sometimes'], 'never', 'Listings with short and empty pages that still have a `next`'),
    trailingNext: flag(false, 'The last full page of a listing still has a `next`, which is then empty'),
    cursorAnchor: oneOf(['time', 'item'], 'time', 'A cursor stands at its moment, or moves with its conversation'),
    tokenInNextUrls: flag(true, '`paging.next` holds the access token, as on Facebook'),
    unreadCountWhenZero: flag(false, '`unread_count` is there when it is 0'),
    detailLimit: count(0, 'Only that many newest messages have details (20 on Instagram); 0 is all'),
    deletedMessages: oneOf(['hidden', 'stub'], 'hidden', 'Deleted messages in listings: absent, or id and time only'),
    hideOldRequests: flag(true, 'Conversations in Requests (`other`, `pending`) are not listed after 30 quiet days'),
    doneFolderReadable: flag(true, '`folder=page_done` works; otherwise code 100'),
    spamFolderReadable: flag(true, '`folder=spam` works; otherwise code 100'),
    readDelayMs: count(0, 'Own sends are seen by reads only after this time of the clock'),
    customerReadDelayMs: count(0, 'Customers’ messages are seen by reads only after this time of the clock'),
    privacyPlaceholders: flag(false, 'Attachments are replaced by the European privacy placeholder'),
    // Writing.
    markSeenLowersUnread: flag(true, '`mark_seen` sets `unread_count` to 0'),
    sendLowersUnread: flag(true, 'A message of the page sets `unread_count` to 0'),
    emptyStringClears: flag(true, 'An empty string clears a field of the page; otherwise it is ignored'),
    maxAboutLength: count(255, 'Characters in `about`', 1),
    echoOrder: oneOf(
      ['after', 'before', 'none'],
      'after',
      'The echo webhook leaves after or before the answer to a send',
    ),
    contactTermsAccepted: flag(true, 'Page Contact Terms; without them label calls answer 2/2018344'),
    deliveryReceipts: flag(false, 'A sent message is followed by a `delivery` and a `read` webhook'),
    appMode: oneOf(['live', 'development'], 'live', 'In development sends answer 200/2018028'),
    // Access.
    requireAppSecretProof: flag(false, 'Calls without `appsecret_proof` are refused'),
    publicPageAccess: flag(false, 'The feature Page Public Content Access: any token reads what is public of any page'),
    loginAutoApprove: flag(true, 'The login dialog redirects at once; otherwise it shows a page with a button'),
    forbiddenFields: Type.Record(Type.String(), Type.Integer(), {
      default: {},
      description: 'Page fields that fail the whole call, with the code (10, 100 or 200): `{"emails": 10}`',
    }),
    // Limits.
    usageHeaders: flag(true, '`X-App-Usage` and `X-Business-Use-Case-Usage` on every answer'),
    pageUsageHeader: flag(false, '`X-Page-Usage`, which Facebook no longer documents'),
    appCallsPerHour: count(1_000_000, 'Calls an hour for the app; beyond it code 4', 1),
    pageCallsPerDay: count(1_000_000, 'Pages API calls a day for a page; beyond it code 80001', 1),
    messengerCallsPerDay: count(1_000_000, 'Messenger calls a day for a page; beyond it code 80006', 1),
    throttleMinutes: count(5, 'How long such a refusal lasts', 1),
    throttledCallsLengthen: flag(true, 'Each call while refused makes the refusal a minute longer'),
    enforceConversationRate: flag(false, 'Refuse more than `conversationCallsPerSecond`; they are counted always'),
    conversationCallsPerSecond: count(2, 'Documented for the Conversations API, for each page', 1),
    conversationBurst: count(4, 'Calls at once before the rate bites, when enforced', 1),
    enforceSendRate: flag(false, 'Refuse more than 300 texts or 10 audio and video sends a second'),
    httpStatusByCode: Type.Record(Type.String(), Type.Integer({ minimum: 400, maximum: 599 }), {
      default: { 1: 500, 2: 500, 230: 403 },
      description: 'HTTP status of an error code; 400 where none is given',
    }),
    latencyMs: count(0, 'Added to every Graph answer'),
    // Webhooks.
    requireSubscription: flag(true, 'Webhooks go out only for pages and fields that the app is subscribed to'),
    webhookMidPrefix: flag(true, '`mid` begins with `m_` as in the Graph API; off is the historical form'),
    webhookTimestamps: oneOf(['ms', 's'], 'ms', '`messaging[].timestamp` in milliseconds or, as seen, in seconds'),
    stickerAttachment: oneOf(
      ['sticker', 'both'],
      'sticker',
      'A sticker arrives as `sticker`, or as `image` too (before 2026-08-30)',
    ),
    webhookTimeoutMs: count(5_000, 'How long a receiver may take', 1),
    messagingRetryDelaysMs: Type.Array(Type.Integer({ minimum: 0 }), {
      default: [0, 1_000, 5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000],
      description: 'Gaps on the clock between the tries of a messaging webhook',
    }),
    changesRetryDelaysMs: Type.Array(Type.Integer({ minimum: 0 }), {
      default: [0, 1_000, 60_000, 600_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, 43_200_000],
      description: 'Gaps between the tries of a `changes` webhook (36 hours in all)',
    }),
    identicalRetries: flag(true, 'A retry has the same bytes; otherwise a new `entry.time` and signature'),
    unsubscribeAfterMs: count(3_600_000, 'Failing for so long unsubscribes the app from the page’s webhooks', 1),
  },
  { additionalProperties: false },
)

export type Switches = Static<typeof SwitchesSchema>
