/** What is known of a page's token beside its state: part of the page's row. */
export interface PageHealth {
  /** When the token was given: what is learned about an earlier one says nothing about it. */
  readonly token_set_ms?: number
  /** False: the page's token came by itself, not with the account that connected the page. Absent in rows from before. */
  readonly token_of_account?: boolean
  readonly token_checked_ms?: number
  /** Null: never. */
  readonly token_expires_ms?: number | null
  readonly data_access_expires_ms?: number | null
  /** What became of the token and is not announced yet: written with the state itself, so that a crash loses none. */
  readonly token_news?: readonly TokenNews[]
}

export interface TokenNews {
  readonly type: 'page.token_invalid' | 'page.token_restored'
  /** Absent: somebody connected the page again. */
  readonly command_id?: string
  readonly at_ms: number
  /** Why it is dead, as Facebook said. */
  readonly facebook?: { readonly code: number; readonly subcode?: number }
}
