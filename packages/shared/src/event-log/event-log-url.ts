import { AppError } from '../errors/app-error.ts'

export interface KafkaAddress {
  readonly engine: 'kafka'
  /** `host:port` each. */
  readonly brokers: readonly string[]
  /** Copies of each partition, for topics that we create. */
  readonly replication: number
  /** How many copies must have a record before it counts as written (`min.insync.replicas`). */
  readonly minIsr: number
}

export interface EmbeddedAddress {
  readonly engine: 'embedded'
  readonly directory: string
}

export type EventLogAddress = KafkaAddress | EmbeddedAddress

const RIGHT = 'Right are kafka://host:9092,host2:9092[?replication=3&min_isr=2] and embedded:./data'
const HOST_AND_PORT = /^[A-Za-z0-9._-]+:[0-9]{1,5}$/

/** Which engine, where. Throws CONFIGURATION_INVALID saying what is right; the URL itself is not repeated (secrets). */
export function parseEventLogUrl(url: string): EventLogAddress {
  if (url.startsWith('kafka://')) return parseKafka(url.slice('kafka://'.length))
  if (url.startsWith('embedded:')) return parseEmbedded(url.slice('embedded:'.length))
  throw invalid('it begins with neither kafka:// nor embedded:')
}

function parseKafka(rest: string): KafkaAddress {
  const [hosts = '', query = ''] = rest.split('?', 2)
  const brokers = hosts.replace(/\/$/, '').split(',')
  for (const broker of brokers) {
    const port = Number(broker.split(':')[1])
    if (!HOST_AND_PORT.test(broker) || port < 1 || port > 65_535) throw invalid('each broker must be host:port')
  }
  const settings = new URLSearchParams(query)
  for (const name of settings.keys()) {
    if (name !== 'replication' && name !== 'min_isr') throw invalid(`there is no setting "${name}"`)
  }
  const replication = count(settings, 'replication', 3)
  const minIsr = count(settings, 'min_isr', Math.min(2, replication))
  if (minIsr > replication) throw invalid('min_isr is more than replication, so nothing could ever be written')
  return { engine: 'kafka', brokers, replication, minIsr }
}

function count(settings: URLSearchParams, name: string, otherwise: number): number {
  const text = settings.get(name)
  if (text === null) return otherwise
  if (!/^[1-9]$/.test(text)) throw invalid(`${name} must be a number from 1 to 9`)
  return Number(text)
}

function parseEmbedded(directory: string): EmbeddedAddress {
  if (directory === '') throw invalid('embedded: needs a folder')
  if (directory.startsWith('//')) throw invalid('embedded: is followed by the folder, without //')
  if (directory.includes('?')) throw invalid('embedded: takes no settings')
  return { engine: 'embedded', directory }
}

const invalid = (why: string): AppError =>
  new AppError('CONFIGURATION_INVALID', `The event log's URL cannot be used: ${why}. ${RIGHT}`)
