import type { ConversationShape } from '../simulator-options.ts'

/** What a page is generated from: numbers alone, complete and checked. */
export interface PagePlan {
  readonly seed: number
  readonly facebookPageId: string
  /** The time that generated history ends at. */
  readonly epoch: number
  readonly shape: Required<ConversationShape>
}
