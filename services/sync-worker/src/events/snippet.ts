import type { Attachment } from '@pagesync/shared/store/repositories/rows.ts'

const SNIPPET_LENGTH_MAX = 200

/** What a list of conversations shows of a message: its text, else the kind of its first attachment. */
export function snippetOf(message: {
  readonly text: string | null
  readonly attachments?: readonly Attachment[]
}): string | null {
  if (message.text) return message.text.slice(0, SNIPPET_LENGTH_MAX)
  const first = message.attachments?.[0]
  return first ? `[${first.type}]` : null
}
