import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { Standalone } from './start-standalone.ts'

const TEXT_LENGTH_MAX = 100

/** Prints what changes while somebody watches: live messages, the progress of a sync and its end. */
export async function showEvents({ eventLog }: Standalone, print: (line: string) => void): Promise<AsyncDisposable> {
  return eventLog.tail({
    topic: TOPICS.changes,
    from: 'now',
    handle: (records) => {
      for (const record of records) {
        const line = lineOf(readChange(record))
        if (line !== null) print(line)
      }
    },
  })
}

function readChange(record: StoredRecord): Change {
  return JSON.parse(record.value.toString('utf8')) as Change
}

function lineOf({ type, origin, fields, at, page_id }: Change): string | null {
  const time = at.slice(11, 19)
  if (type === 'message.created' && origin === 'live') {
    const who = fields.direction === 'in' ? 'customer' : 'page'
    return `${time}  ${who} wrote   ${String(fields.text ?? '[attachment]').slice(0, TEXT_LENGTH_MAX)}   (conversation ${fields.conversation_id})`
  }
  if (type === 'automation.triggered')
    return `${time}  answered by    automation ${fields.automation_id}, ${fields.automation_type} (counted under /pages/${page_id}/automations)`
  if (type === 'sync.started') return `${time}  sync started`
  if (type === 'sync.progress')
    return `${time}  syncing        ${fields.phase}: ${fields.done}${fields.total === null ? '' : ` of ${fields.total}`}`
  if (type === 'sync.finished') return `${time}  sync finished  ${fields.state}`
  return null
}
