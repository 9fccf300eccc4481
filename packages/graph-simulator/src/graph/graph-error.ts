/** A refusal in Facebook's shape; thrown anywhere in a call, turned into the answer at the edge. */
export class GraphError extends Error {
  readonly code: number
  readonly detail: GraphErrorDetail

  constructor(code: number, message: string, detail: GraphErrorDetail = {}) {
    super(message)
    this.name = 'GraphError'
    this.code = code
    this.detail = detail
  }
}

export interface GraphErrorDetail {
  readonly subcode?: number
  readonly type?: string
  readonly userTitle?: string
  readonly userMessage?: string
  readonly isTransient?: boolean
  readonly data?: unknown
  /** Replaces the status that belongs to the code. */
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
}

/** The body of an error answer, in Facebook's order of members. */
export function errorBody(error: GraphError, traceId: string): { error: Record<string, unknown> } {
  const { subcode, type = 'OAuthException', userTitle, userMessage, isTransient, data } = error.detail
  return {
    error: {
      message: error.message,
      type,
      code: error.code,
      ...(data === undefined ? {} : { error_data: data }),
      ...(subcode === undefined ? {} : { error_subcode: subcode }),
      ...(isTransient === undefined ? {} : { is_transient: isTransient }),
      ...(userTitle === undefined ? {} : { error_user_title: userTitle }),
      ...(userMessage === undefined ? {} : { error_user_msg: userMessage }),
      fbtrace_id: traceId,
    },
  }
}

/** `WWW-Authenticate` of an error answer; header values hold no line breaks and no quotes of their own. */
export function authenticateHeader(error: GraphError): string {
  const reason = [190, 102].includes(error.code) ? 'invalid_token' : 'invalid_request'
  return `OAuth "Facebook Platform" "${reason}" "${error.message.replace(/[^\x20-\x7e]|"/g, "'")}"`
}

/** What Facebook says to every call that it does not have, and to every object that the token may not see. */
export function unsupported(method: string, id: string): GraphError {
  return new GraphError(
    100,
    `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to missing permissions, or does not support this operation. Please read the Graph API documentation at https://developers.facebook.com/docs/graph-api`,
    { type: 'GraphMethodException', subcode: 33 },
  )
}

export const invalidParameter = (message: string, subcode?: number): GraphError =>
  new GraphError(100, `(#100) ${message}`, subcode === undefined ? {} : { subcode })

export const tooMuchData = (subcode?: number): GraphError =>
  new GraphError(
    1,
    "Please reduce the amount of data you're asking for, then retry your request",
    subcode === undefined ? {} : { subcode },
  )
