import { hash } from './hash.ts'

/** Which message an id names: the conversation's number in its page and the message's serial in the conversation. */
export interface MessagePlace {
  readonly conversation: number
  readonly serial: number
}

const WORDS = 15
const ID_BYTES = WORDS * 4

/**
 * Message ids such as Facebook's: `m_` and 80 base64url characters. The place is masked inside, so an id found in a
 * webhook can be looked up without a table. Two ids of one conversation share no visible part.
 */
export function createMessageIds(pageKey: number) {
  const scratch = Buffer.alloc(ID_BYTES)
  const check = (conversation: number, serial: number) => hash(pageKey, conversation, serial, 0x5e41)
  return {
    encode(conversation: number, serial: number): string {
      const nonce = check(conversation, serial)
      scratch.writeUInt32LE(nonce, 0)
      scratch.writeUInt32LE((conversation ^ hash(pageKey, nonce, 1)) >>> 0, 4)
      scratch.writeUInt32LE((serial ^ hash(pageKey, nonce, 2)) >>> 0, 8)
      let word = nonce
      for (let i = 3; i < WORDS; i++) {
        word = Math.imul(word ^ (word >>> 15), 0x2c1b3c6d + i) >>> 0
        scratch.writeUInt32LE(word, i * 4)
      }
      return `m_${scratch.toString('base64url')}`
    },
    /** Takes the id with or without `m_`; undefined when it is not an id of this page. */
    decode(id: string): MessagePlace | undefined {
      const bare = id.startsWith('m_') ? id.slice(2) : id
      if (bare.length !== (ID_BYTES * 4) / 3) return undefined
      const bytes = Buffer.from(bare, 'base64url')
      if (bytes.length !== ID_BYTES) return undefined
      const nonce = bytes.readUInt32LE(0)
      const conversation = (bytes.readUInt32LE(4) ^ hash(pageKey, nonce, 1)) >>> 0
      const serial = (bytes.readUInt32LE(8) ^ hash(pageKey, nonce, 2)) >>> 0
      return check(conversation, serial) === nonce && this.encode(conversation, serial).endsWith(bare)
        ? { conversation, serial }
        : undefined
    },
  }
}
