import { createRequire } from 'node:module'

interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  throttleCheckTimeoutId: NodeJS.Timeout | null
  scheduleCheckPendingRequests(): void
}

const MENDED = Symbol.for('pagesync.kafkajs.requestQueueMended')

/**
 * kafkajs 2.2.4 checks its queue of unsent requests again and again, on every connection, from the first answer on:
 * the timer is set also when nothing waits, with the delay `-1 - Date.now()`, so it fires every millisecond for ever
 * (tulios/kafkajs issues 1704 and 1751) and Node 24 prints a TimeoutNegativeWarning. It needs a timer only while
 * requests wait; everything else stays as it is. kafkajs has had no release since 2023, hence done here.
 */
export function mendRequestQueue(): void {
  const require = createRequire(import.meta.url)
  const { prototype } = require('kafkajs/src/network/requestQueue/index.js') as { prototype: RequestQueue }
  if (MENDED in prototype) return
  const original = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function scheduleOnlyWhenSomethingWaits(this: RequestQueue): void {
    if (this.pending.length > 0) original.call(this)
  }
  Object.defineProperty(prototype, MENDED, { value: true })
}
