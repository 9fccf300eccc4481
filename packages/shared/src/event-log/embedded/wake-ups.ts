type Listener = (partition: number) => void

/** Tells the readers of a topic that a partition has new records. */
export interface WakeUps {
  wake(topic: string, partition: number): void
  /** Returns how to stop listening. */
  onWritten(topic: string, listener: Listener): () => void
}

export function createWakeUps(): WakeUps {
  const listeners = new Map<string, Set<Listener>>()
  return {
    wake(topic, partition) {
      for (const listener of listeners.get(topic) ?? []) listener(partition)
    },
    onWritten(topic, listener) {
      const own = listeners.get(topic) ?? new Set()
      listeners.set(topic, own)
      own.add(listener)
      return () => own.delete(listener)
    },
  }
}
