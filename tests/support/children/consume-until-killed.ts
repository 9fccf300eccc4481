import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'

/**
 * Is a member of a consumer group until it is killed, and prints the value of each record that it got.
 *
 *   node consume-until-killed.ts URL TOPIC GROUP
 */
const [url = '', topic = '', group = ''] = process.argv.slice(2)
const log = await openEventLog(url, { clientId: 'consume-until-killed' })
await log.subscribe({
  topic,
  group,
  handleBatch: async ({ records }) => {
    for (const { value } of records) process.stdout.write(`${value}\n`)
  },
})
