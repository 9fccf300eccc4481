/** How far a consumer has fetched a partition. Times are of `performance.now()`. */
export interface PartitionProgress {
  /** The offset to fetch next; undefined until known. */
  position: number | undefined
  /** The offset that the next record gets, as last seen. */
  end: number
  /** When the position last moved, was last found at the end, or there was a reason not to move. */
  movedAtMs: number
  /** We have enough of it and asked for no more. */
  isPaused: boolean
}

/** Whether some partition has records that nothing fetches. */
export function isStalled(partitions: Iterable<PartitionProgress>, nowMs: number, stallAfterMs: number): boolean {
  for (const { position, end, movedAtMs, isPaused } of partitions) {
    if (!isPaused && position !== undefined && position < end && nowMs - movedAtMs > stallAfterMs) return true
  }
  return false
}
