const SEED = 0x9747b28c
const M = 0x5bd1e995

/** Murmur2 as Kafka's Java client computes it (`org.apache.kafka.common.utils.Utils.murmur2`), a signed 32-bit number. */
export function murmur2(data: Uint8Array): number {
  const length = data.length
  const wholeWords = length & ~3
  let h = SEED ^ length
  for (let i = 0; i < wholeWords; i += 4) {
    let k = data[i]! | (data[i + 1]! << 8) | (data[i + 2]! << 16) | (data[i + 3]! << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  const left = length - wholeWords
  if (left === 3) h ^= data[wholeWords + 2]! << 16
  if (left >= 2) h ^= data[wholeWords + 1]! << 8
  if (left >= 1) h = Math.imul(h ^ data[wholeWords]!, M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

/**
 * The partition of a key, the same as the default partitioner of Kafka's Java client chooses, so that other writers
 * of a topic put a key's records where ours go.
 */
export function partitionOfKey(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions
}
