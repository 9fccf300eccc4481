import { createHmac, randomInt } from 'node:crypto'
import { expect, test } from 'vitest'
import { createSignatureCheck } from './signature.ts'

const SECRET = 'an-app-secret-of-the-tests'
const MUTATIONS = 100_000

const body = Buffer.from(
  JSON.stringify({
    object: 'page',
    entry: [{ id: '104857600000042', time: 1_767_868_200_000, messaging: [{ sender: { id: '70001' }, message: {} }] }],
    text: 'Do you ship to Siem Reap? 🙏 \\u00e9',
  }),
)
const header = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`

/** One to three of: a bit turned, a byte put in, taken out, or exchanged with its neighbour. */
function mutated(bytes: Buffer): Buffer {
  let copy = Buffer.from(bytes)
  for (let changes = randomInt(1, 4); changes > 0; changes--) {
    const at = randomInt(copy.length)
    const kind = randomInt(4)
    if (kind === 0) copy.writeUInt8(copy.readUInt8(at) ^ (1 << randomInt(8)), at)
    else if (kind === 1) copy = Buffer.concat([copy.subarray(0, at), Buffer.of(randomInt(256)), copy.subarray(at)])
    else if (kind === 2) copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1)])
    else copy.subarray(at, at + 2).reverse()
  }
  return copy
}

test(`of ${MUTATIONS} changed bodies and headers not one is accepted`, () => {
  const isSigned = createSignatureCheck([SECRET, 'the-secret-before-of-the-tests'])
  expect(isSigned(body, header)).toBe(true)
  let accepted = 0
  for (let tried = 0; tried < MUTATIONS; ) {
    const ofBody = tried % 2 === 0
    const otherBody = ofBody ? mutated(body) : body
    // As Node gives headers: each byte one character.
    const otherHeader = ofBody ? header : mutated(Buffer.from(header, 'latin1')).toString('latin1')
    if (otherBody.equals(body) && otherHeader === header) continue
    tried++
    if (isSigned(otherBody, otherHeader)) accepted++
  }
  expect(accepted).toBe(0)
})
