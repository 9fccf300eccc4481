import type { SimulatedPage } from '../world.ts'
import { serialiseWebhook } from './serialise-webhook.ts'

export type Channel = 'messaging' | 'standby' | 'changes' | 'changed_fields'

/** One thing to tell: an item of `messaging`, `standby` or `changes` of one page. */
export interface Notice {
  /** Undefined for other objects and for pages that do not exist here. */
  readonly page: SimulatedPage | undefined
  /** `entry[].id` */
  readonly entryId: string
  /** `page` unless given. */
  readonly object?: string
  /** Field that the app must be subscribed to. */
  readonly field: string
  readonly channel: Channel
  readonly item: unknown
  /** Notices of one key leave in order. */
  readonly key: string
}

/** Notices in one body, with the bytes that every try and every duplicate of it has; signed when they leave. */
export interface Parcel {
  readonly notices: readonly Notice[]
  bytes: Buffer
  headers: Readonly<Record<string, string>>
  attempt: number
}

const isMessaging = ({ channel }: Notice): boolean => channel === 'messaging' || channel === 'standby'

/** Neither order nor time is told by `entry.time`: it is the time of sending, in ms for messaging and in s otherwise. */
export function sealParcel(parcel: Parcel, now: number) {
  const entry = parcel.notices.map((notice) => ({
    id: notice.entryId,
    time: isMessaging(notice) ? now : Math.floor(now / 1000),
    [notice.channel]: [notice.item],
  }))
  parcel.bytes = serialiseWebhook({ object: parcel.notices[0]?.object ?? 'page', entry })
}

export function packNotices(notices: readonly Notice[], now: number): Parcel {
  const parcel: Parcel = { notices, bytes: Buffer.alloc(0), headers: {}, attempt: 0 }
  sealParcel(parcel, now)
  return parcel
}
