import { expect, test } from 'vitest'
import { serialiseWebhook } from './serialise-webhook.ts'
import { signatureHeaders } from './sign-webhook.ts'

// Made with Python's json.dumps(ensure_ascii=True, separators=(',', ':')) and `replace('/', '\\/')`, signed with
// `openssl dgst -sha256 -hmac` and `-sha1 -hmac`; see the README.
const BODY = {
  object: 'page',
  entry: [
    {
      id: '100002832001387',
      time: 1700000000123,
      messaging: [
        {
          sender: { id: '26117061607616191' },
          message: {
            mid: 'm_ab/c',
            text: '50% of <b>café</b> & naïve @ https://x.example/a?b=1 "q" \\ សួស្តី สวัสดี 😀👩🏽‍🍳\n\t',
          },
        },
      ],
    },
  ],
}
const BYTES = String.raw`{"object":"page","entry":[{"id":"100002832001387","time":1700000000123,"messaging":[{"sender":{"id":"26117061607616191"},"message":{"mid":"m_ab\/c","text":"50% of <b>caf\u00e9<\/b> & na\u00efve @ https:\/\/x.example\/a?b=1 \"q\" \\ \u179f\u17bd\u179f\u17d2\u178f\u17b8 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \ud83d\ude00\ud83d\udc69\ud83c\udffd\u200d\ud83c\udf73\n\t"}}]}]}`

test('a webhook is ASCII with escaped slashes and lowercase \\u escapes, as Facebook sends it', () => {
  expect(serialiseWebhook(BODY).toString('latin1')).toBe(BYTES)
})

test('the signatures are made over exactly these bytes', () => {
  expect(signatureHeaders('sesame', Buffer.from(BYTES, 'latin1'))).toEqual({
    'x-hub-signature-256': 'sha256=55c54455aea8a956134fea5b17b2a6cf533e94a4dc34cc9445ad951bbe910b62',
    'x-hub-signature': 'sha1=259bc6269e76e7b19f7f204255db6cb2c06956f4',
  })
})

test('the published vector of another gateway (nyaruka/courier) comes out', () => {
  const headers = signatureHeaders('sesame', Buffer.from('hello world'))
  expect(headers['x-hub-signature-256']).toBe('sha256=f39034b29165ec6a5104d9aef27266484ab26c8caa7bca8bcb2dd02e8be61b17')
})

test('a receiver that parses and serialises again gets another signature', () => {
  const bytes = serialiseWebhook(BODY)
  const again = Buffer.from(JSON.stringify(JSON.parse(bytes.toString())))
  expect(signatureHeaders('sesame', again)).not.toEqual(signatureHeaders('sesame', bytes))
})
