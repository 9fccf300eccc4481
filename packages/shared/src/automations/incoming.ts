import type { MessageOrigin } from '../store/repositories/rows.ts'

/** One message as the decision sees it. Times are milliseconds since 1970. */
export interface IncomingMessage {
  /** Of the row; only `webhook` is answered. */
  readonly origin: MessageOrigin
  /** Who wrote it: `out` is the page, null is not known. */
  readonly direction: 'in' | 'out' | null
  /** Of the event: what stands by while another app owns the thread is not ours to answer. */
  readonly channel: 'messaging' | 'standby'
  readonly isDeleted: boolean
  readonly isEdited: boolean
  /** Facebook's time of the message. */
  readonly createdMs: number
  /** When it reached whoever decides: what waited in the topic came late, too. */
  readonly arrivedMs: number
  /** Null where it is an attachment alone. */
  readonly text: string | null
  /** Of the button that was pressed, null where the person typed. */
  readonly quickReplyPayload: string | null
}

/** An automatic reply that was decided for this conversation, sent or still to be sent. */
export interface AutomaticReply {
  readonly automation_id: number
  /** The keyword, FAQ or instant reply; null where the automation has no parts. */
  readonly part_id: number | null
  readonly atMs: number
}

/** Everything else that a decision rests on. Times are milliseconds since 1970. */
export interface DecisionContext {
  readonly nowMs: number
  readonly page: { readonly name: string /** IANA */; readonly timeZone: string }
  readonly conversation: {
    /** This is the first message of the person that we know of. */
    readonly isNew: boolean
    /** Null or past: not muted. */
    readonly mutedUntilMs: number | null
    readonly isBlocked: boolean
    /** When the page may answer no more (`replyWindowEndMs`); null where the person never wrote: closed. */
    readonly windowClosesMs: number | null
    /** When a person last answered, from anywhere; null never. */
    readonly lastPersonReplyMs: number | null
    /**
     * The last reply of each rule (automation and part) and every one of the last ten minutes (`LOOP_WINDOW_MS`); more
     * do no harm, the order does not matter. The reply to this very message must not be among them.
     */
    readonly automaticReplies: readonly AutomaticReply[]
  }
  readonly contact: {
    readonly name: string | null
    /** Null or missing: the first word of `name`. */
    readonly first_name?: string | null
    readonly email: string | null
    readonly phone: string | null
  }
  /** How long automations are silent after a person answered; default `PAUSE_MINUTES`. */
  readonly pauseMinutes?: number
}
