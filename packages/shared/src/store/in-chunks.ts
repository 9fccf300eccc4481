export interface ChunkLimits {
  readonly items: number
  readonly size: number
  /** How many chunks are under way at the same time. */
  readonly concurrent: number
}

/**
 * Runs chunk after chunk, a few at a time; answers their results in any order. After a failure no further chunk is
 * begun, and those under way are waited for: nothing goes on behind the caller's back.
 */
export async function inChunks<T, R>(
  items: readonly T[],
  limits: ChunkLimits,
  sizeOf: (item: T) => number,
  run: (chunk: readonly T[]) => Promise<R>,
): Promise<R[]> {
  const chunks = cut(items, limits, sizeOf)
  const results: R[] = []
  let failed = false
  let next = 0
  const worker = async (): Promise<void> => {
    for (let chunk = chunks[next++]; chunk && !failed; chunk = chunks[next++]) {
      try {
        results.push(await run(chunk))
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  const workers = Array.from({ length: Math.min(limits.concurrent, chunks.length) }, worker)
  for (const outcome of await Promise.allSettled(workers)) {
    if (outcome.status === 'rejected') throw outcome.reason
  }
  return results
}

function cut<T>(items: readonly T[], limits: ChunkLimits, sizeOf: (item: T) => number): T[][] {
  const chunks: T[][] = []
  let chunk: T[] = []
  let size = 0
  for (const item of items) {
    const itemSize = sizeOf(item)
    if (chunk.length > 0 && (chunk.length === limits.items || size + itemSize > limits.size)) {
      chunks.push(chunk)
      chunk = []
      size = 0
    }
    chunk.push(item)
    size += itemSize
  }
  if (chunk.length > 0) chunks.push(chunk)
  return chunks
}
