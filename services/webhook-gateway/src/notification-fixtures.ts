/**
 * Webhook bodies for tests, byte for byte as Facebook writes them: slashes and everything outside ASCII escaped, ids
 * as strings, one line. Shapes after Meta's event pages and payloads that others recorded; all ids are invented.
 */

export const PAGE_ID = '104926374821734'
export const PSID = '7123456789012345'

const page = (list: string, entryTime = '1767868200123') =>
  `{"object":"page","entry":[{"id":"104926374821734","time":${entryTime},${list}}]}`
const messaging = (event: string) =>
  page(
    `"messaging":[{"sender":{"id":"7123456789012345"},"recipient":{"id":"104926374821734"},"timestamp":1767868199876,${event}}]`,
  )
const standby = (event: string) =>
  page(
    `"standby":[{"sender":{"id":"7123456789012345"},"recipient":{"id":"104926374821734"},"timestamp":1767868199876,${event}}]`,
  )
const change = (item: string) => page(`"changes":[${item}]`, '1767868200')

export const FIXTURES = {
  text: messaging(
    String.raw`"message":{"mid":"m_AYq7kJx-2hX5vN9pQ","text":"Do you ship to Phnom Penh \/ \u1797\u17d2\u1793\u17c6\u1796\u17c1\u1789? \ud83d\ude00 50\u0025 off \u003C3"}`,
  ),
  attachments: messaging(
    String.raw`"message":{"mid":"m_Jb3xV0aT8LwE2rYs","attachments":[{"type":"image","payload":{"url":"https:\/\/scontent.xx.fbcdn.net\/v\/t1.15752-9\/photo.jpg?_nc_cat=1&oh=03_Q7c"}},{"type":"audio","payload":{"url":"https:\/\/cdn.fbsbx.com\/v\/audioclip.mp4"}}]}`,
  ),
  sticker: messaging(
    String.raw`"message":{"mid":"m_St1ck3r","attachments":[{"type":"sticker","payload":{"url":"https:\/\/scontent.xx.fbcdn.net\/v\/369239263222822.png","sticker_id":369239263222822}}]}`,
  ),
  quickReply: messaging(
    '"message":{"mid":"m_Qr7","text":"Red","quick_reply":{"payload":"COLOUR:RED"},"reply_to":{"mid":"m_before"}}',
  ),
  unsupported: messaging('"message":{"mid":"m_Uns","is_unsupported":true}'),
  deleted: messaging('"message":{"mid":"m_AYq7kJx-2hX5vN9pQ","is_deleted":true}'),
  echo: page(
    String.raw`"messaging":[{"sender":{"id":"104926374821734"},"recipient":{"id":"7123456789012345"},"timestamp":1767868201500,"message":{"mid":"m_Echo-4711","is_echo":true,"app_id":263902037430900,"metadata":"cmd_01JH","text":"Yes, we do. Caf\u00e9 pickup too."}}]`,
  ),
  echoTemplate: page(
    '"messaging":[{"sender":{"id":"104926374821734"},"recipient":{"id":"7123456789012345"},"timestamp":1767868201500,"message":{"is_echo":true,"app_id":1517776481860111,"mid":"m_Tmpl","attachments":[{"id":1223334444,"title":"","url":null,"type":"template","payload":{"template_type":"button","buttons":[{"type":"postback","title":"Buy","payload":"BUY"}]}}]}}]',
  ),
  edit: messaging('"message_edit":{"mid":"m_AYq7kJx-2hX5vN9pQ","text":"Do you ship abroad?","num_edit":"1"}'),
  reaction: messaging(String.raw`"reaction":{"mid":"m_Echo-4711","action":"react","emoji":"\u2764","reaction":"love"}`),
  unreact: messaging('"reaction":{"mid":"m_Echo-4711","action":"unreact"}'),
  delivery: page(
    '"messaging":[{"sender":{"id":"7123456789012345"},"recipient":{"id":"104926374821734"},"delivery":{"mids":["m_Echo-4711"],"watermark":1767868201500}}]',
  ),
  read: messaging('"read":{"watermark":1767868201500}'),
  postback: messaging(
    '"postback":{"mid":"m_Pb1","title":"Get started","payload":"GET_STARTED","referral":{"ref":"spring","source":"SHORTLINK","type":"OPEN_THREAD"}}',
  ),
  standbyPostback: standby('"postback":{"title":"Get started"}'),
  standbyMessage: standby('"message":{"mid":"m_Stb","text":"for the other app"}'),
  optin: messaging(
    '"optin":{"type":"notification_messages","notification_messages_token":"4711","notification_messages_status":"STOP_NOTIFICATIONS","token_expiry_timestamp":1798761600000}',
  ),
  optinUserRef: page(
    '"messaging":[{"recipient":{"id":"104926374821734"},"timestamp":1767868199,"optin":{"ref":"checkbox","user_ref":"visitor-9"}}]',
  ),
  referral: messaging(
    String.raw`"referral":{"ref":"poster","source":"ADS","type":"OPEN_THREAD","ad_id":"6045246247433","ads_context_data":{"ad_title":"Sale","photo_url":"https:\/\/scontent.xx.fbcdn.net\/ad.jpg"}}`,
  ),
  passThreadControl: messaging(
    '"pass_thread_control":{"previous_owner_app_id":null,"new_owner_app_id":"123456789","metadata":"to the bot"}',
  ),
  takeThreadControl: messaging(
    '"take_thread_control":{"previous_owner_app_id":"123456789","new_owner_app_id":"263902037430900","metadata":""}',
  ),
  requestThreadControl: messaging('"request_thread_control":{"requested_owner_app_id":123456789,"metadata":"please"}'),
  appRoles: page(
    '"messaging":[{"recipient":{"id":"104926374821734"},"timestamp":1767868199876,"app_roles":{"123456789":["primary_receiver"]}}]',
  ),
  accountLinking: messaging('"account_linking":{"status":"linked","authorization_code":"auth-1"}'),
  policyEnforcement: page(
    String.raw`"messaging":[{"recipient":{"id":"104926374821734"},"timestamp":1767868199876,"policy_enforcement":{"action":"block","reason":"The bot violated our Platform Policies (https:\/\/developers.facebook.com\/policy\/#messengerplatform)."}}]`,
  ),
  policyEnforcementOldSpelling: page(
    '"messaging":[{"recipient":{"id":"104926374821734"},"timestamp":1458692752478,"policy-enforcement":{"action":"unblock"}}]',
  ),
  feedComment: change(
    String.raw`{"field":"feed","value":{"from":{"id":"7123456789012345","name":"Sok\u00e9 Dara"},"item":"comment","verb":"edited","comment_id":"900728623356296_900744590021366","post_id":"104926374821734_900728623356296","parent_id":"104926374821734_900728623356296","created_time":1767868100,"message":"How much?"}}`,
  ),
  label: change(
    '{"field":"inbox_labels","value":{"user":{"id":"7123456789012345"},"action":"add","label":{"id":"2525","page_label_name":"Archived"}}}',
  ),
  pageField: change('{"field":"parking"}'),
  pageFieldWithValue: change('{"field":"phone","value":"+855 23 456 789"}'),
  changedFields: page('"changed_fields":["about","hours"]', '1767868200'),
  mention: change('{"field":"mention","value":{"post_id":"44_55","item":"post","verb":"add"}}'),
  unknownKey: messaging('"response_feedback":{"feedback":"good","mid":"m_Echo-4711"}'),
  numericIds:
    '{"object":"page","entry":[{"id":104926374821734,"time":1458668856451,"messaging":[{"sender":{"id":7123456789012345},"recipient":{"id":104926374821734},"timestamp":"1458668856","message":{"mid":"mid.1457764197618:41d102a3e1ae206a38","seq":73,"text":"hello, world!"}}]}]}',
  permission:
    '{"object":"permissions","entry":[{"id":"0","uid":"0","time":1767868200,"changes":[{"field":"pages_messaging","value":{"verb":"revoked","target_ids":["104926374821734","104926374821735"]}}]}]}',
  permissionConnected:
    '{"object":"permissions","entry":[{"id":"0","uid":"0","time":1767868200,"changes":[{"field":"connected","verb":"granted"}]}]}',
  instagram:
    '{"object":"instagram","entry":[{"id":"17841400000000000","time":1767868200123,"messaging":[{"sender":{"id":"1"},"recipient":{"id":"17841400000000000"},"timestamp":1767868199876,"message":{"mid":"aWdf","text":"hi"}}]}]}',
} as const
