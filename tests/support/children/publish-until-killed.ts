import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'

/**
 * Publishes numbers until it is killed, several at once, and prints each that was acknowledged.
 *
 *   node publish-until-killed.ts URL TOPIC
 */
const [url = '', topic = ''] = process.argv.slice(2)
const log = await openEventLog(url, { clientId: 'publish-until-killed' })
await log.ensureTopics([{ name: topic, partitions: 3, retentionMs: 3_600_000 }])

let next = 0
async function publishOn(): Promise<never> {
  for (;;) {
    const value = String(next++)
    await log.publish(topic, [{ key: value, value, headers: {} }])
    process.stdout.write(`${value}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, publishOn))
