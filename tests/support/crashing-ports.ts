import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import type { Collection, Store } from '@pagesync/shared/store/collection.ts'

/** Lets a number of writes through; the one after it, and everything then, fails as if the process had died. */
export interface Fuse {
  /** Wraps a write: it may die just before it, or just after it was done and before anybody heard of it. */
  write<T>(action: () => Promise<T>): Promise<T>
  /** Wraps a read. */
  read<T>(action: () => Promise<T>): Promise<T>
  readonly blown: () => boolean
}

export function createFuse(writes: number, diesAfter: boolean): Fuse {
  let left = writes
  let blown = false
  const dead = () => new AppError('STORE_UNAVAILABLE', 'the process is dead')
  return {
    blown: () => blown,
    async read(action) {
      if (blown) throw dead()
      return action()
    },
    async write(action) {
      if (blown) throw dead()
      if (left-- > 0) return action()
      blown = true
      if (diesAfter) await action()
      throw dead()
    },
  }
}

/** The store as a process sees it that dies when the fuse blows. What was written stays. */
export function dyingStore(store: Store, fuse: Fuse): Store {
  return {
    ...store,
    engine: store.engine,
    collection: (definition) => dyingCollection(store.collection(definition), fuse) as never,
  }
}

function dyingCollection<T extends { readonly _id: string; readonly rev: number }>(
  inner: Collection<T>,
  fuse: Fuse,
): Collection<T> {
  return {
    getMany: (ids) => fuse.read(() => inner.getMany(ids)),
    find: (query) => fuse.read(() => inner.find(query)),
    count: (selection) => fuse.read(() => inner.count(selection)),
    groupCount: (selection) => fuse.read(() => inner.groupCount(selection)),
    insertMany: (rows) => fuse.write(() => inner.insertMany(rows)),
    replaceMany: (rows) => fuse.write(() => inner.replaceMany(rows)),
    increment: (id, deltas) => fuse.write(() => inner.increment(id, deltas)),
    deleteMany: (ids) => fuse.write(() => inner.deleteMany(ids)),
  }
}

/** The event log as a process sees it that dies when the fuse blows: nothing is published or committed any more. */
export function dyingEventLog(log: EventLog, fuse: Fuse): EventLog {
  return {
    ...log,
    engine: log.engine,
    publish: (topic, records, options) => fuse.write(() => log.publish(topic, records, options)),
    subscribe: (options) =>
      log.subscribe({
        ...options,
        handleBatch: async (batch, signal) => {
          await fuse.write(() => options.handleBatch(batch, signal))
        },
      }),
  }
}
