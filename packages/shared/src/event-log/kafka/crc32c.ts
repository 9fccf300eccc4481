/** Reflected polynomial of CRC-32C (Castagnoli; RFC 3720, appendix B.4), which Kafka's record batches carry. */
const POLYNOMIAL = 0x82f63b78
const STEP_BYTES = 16
/** Row s of 256 entries holds the effect of a byte that stands s bytes before the end of a step. */
const TABLE = buildTable()

/**
 * CRC-32C of the bytes from `start` on, an unsigned 32-bit number. Sixteen bytes a step ("slicing by 16"): Node has
 * only the other CRC-32, and a byte a step costs four times as much, more than writing the records themselves.
 */
export function crc32c(bytes: Uint8Array, start = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let crc = -1
  let at = start
  for (; at + STEP_BYTES <= bytes.length; at += STEP_BYTES) {
    crc =
      wordEffect(crc ^ view.getInt32(at, true), 3) ^
      wordEffect(view.getInt32(at + 4, true), 2) ^
      wordEffect(view.getInt32(at + 8, true), 1) ^
      wordEffect(view.getInt32(at + 12, true), 0)
  }
  for (; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/** What four bytes, little-endian, do to the check sum when `wordsAfter` words of the step follow them. */
function wordEffect(word: number, wordsAfter: number): number {
  const row = wordsAfter * 1024
  return (
    TABLE[row + 768 + (word & 0xff)]! ^
    TABLE[row + 512 + ((word >>> 8) & 0xff)]! ^
    TABLE[row + 256 + ((word >>> 16) & 0xff)]! ^
    TABLE[row + (word >>> 24)]!
  )
}

function buildTable(): Int32Array {
  const table = new Int32Array(STEP_BYTES * 256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
    table[byte] = crc
  }
  for (let i = 256; i < table.length; i++) {
    const before = table[i - 256]!
    table[i] = table[before & 0xff]! ^ (before >>> 8)
  }
  return table
}
