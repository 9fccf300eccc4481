import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { type ChangeType, changeId, changeRecord } from '@pagesync/shared/model/change.ts'
import { type StateChange, withState } from '@pagesync/shared/model/command-row.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'

/** What becomes of a command; null leaves it as it is. */
export type Outcome = Pick<StateChange, 'state' | 'result' | 'failure'>
export type Decide = (row: CommandRow) => Outcome | null

/** The worker's part of a command in a few lines: its row in another state, and the change that tells of it. */
export function createFinishCommand(store: Store, eventLog: EventLog, options: { readonly announces: boolean }) {
  const ledger = createLedger(store)
  return async (key: string, decide: Decide): Promise<CommandRow | undefined> => {
    const row = await ledger.getByKey(key)
    const outcome = row && decide(row)
    if (!row || !outcome) return row
    const nowMs = Date.now()
    const running = withState(row, { state: 'running', nowMs, worker: 'test-worker' })
    const saved = await ledger.save({
      ...withState(running, { ...outcome, nowMs, worker: 'test-worker' }),
      graph_calls: 3,
    })
    if (!saved) throw new Error('somebody else changed the command')
    if (options.announces) await eventLog.publish(TOPICS.changes, [changeOf(saved)])
    return saved
  }
}

/** Ends every command that comes by the topic as `decide` says. */
export async function finishCommands(store: Store, eventLog: EventLog, decide: Decide): Promise<AsyncDisposable> {
  const finish = createFinishCommand(store, eventLog, { announces: true })
  return eventLog.subscribe({
    topic: TOPICS.commands,
    group: 'test-worker',
    handleBatch: async ({ records }) => {
      for (const record of records) {
        const { tenant_id, id } = JSON.parse(record.value.toString())
        await finish(`${tenant_id}/${id}`, decide)
      }
    },
  })
}

function changeOf(row: CommandRow) {
  const type: ChangeType = `command.${row.state}`
  return changeRecord(
    {
      id: changeId(type, row._id, row.rev),
      type,
      tenant_id: row.tenant_id,
      page_id: row.page_id,
      facebook_page_id: row.facebook_page_id,
      entity: row._id,
      entity_id: null,
      version: row.rev,
      cause: { command_id: row.command_id },
      origin: 'live',
      fields: { state: row.state },
      at: new Date().toISOString(),
    },
    '/test/worker',
  )
}
