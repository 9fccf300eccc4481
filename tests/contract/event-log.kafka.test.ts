import { randomUUID } from 'node:crypto'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { inject } from 'vitest'
import { describeEventLogContract, type EventLogBed } from './event-log-contract.ts'

const url = inject('kafkaUrl')
const topicPrefix = `contract-${randomUUID().slice(0, 8)}-`

async function openBed(): Promise<EventLogBed> {
  const logs: EventLog[] = []
  return {
    async open() {
      const log = await openEventLog(url, { clientId: 'contract' })
      logs.push(log)
      return log
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(logs.map((log) => log.close()))
    },
  }
}

describeEventLogContract('Kafka', openBed, {
  topicPrefix,
  skipReason: url === '' ? 'no Kafka on this machine' : '',
})
