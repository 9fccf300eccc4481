/** A message as the Send API takes it, and what it will look like when it is read. */
export interface SendPart {
  readonly message: Readonly<Record<string, unknown>>
  readonly text: string | null
  readonly attachmentTypes: readonly string[]
  readonly attachments: readonly { readonly type: string; readonly url: string }[]
}

/** A call that was begun and whose end is not noted yet: it may have taken effect. */
export interface Calling {
  readonly part: number
  readonly called_ms: number
  /** Of the part's first call. */
  readonly first_called_ms: number
  /** How often Facebook was asked what became of it. */
  readonly checks: number
}

/** The checkpoint of a send. */
export interface SendState {
  /** The parts that are known to have arrived; null where Facebook did not name the message. */
  readonly sent: readonly { readonly mid: string | null }[]
  readonly calling: Calling | null
  /** The part at hand was sent a second time: never a third. */
  readonly resent: boolean
  /** What a template became when it was first sent: to be sent again, or looked for, it must be the same. */
  readonly text?: string
}

export const NOTHING_SENT: SendState = { sent: [], calling: null, resent: false }

export function withPartSent(state: SendState, mid: string | null): SendState {
  return { ...state, sent: [...state.sent, { mid }], calling: null, resent: false }
}
