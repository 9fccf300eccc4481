import { AppError } from '../errors/app-error.ts'

export interface MongoAddress {
  readonly engine: 'mongodb'
  /** As the driver takes it, with the credentials. */
  readonly url: string
  readonly database: string
}

export interface EmbeddedAddress {
  readonly engine: 'embedded'
  readonly directory: string
}

export type StoreAddress = MongoAddress | EmbeddedAddress

export const DATABASE_DEFAULT = 'pagesync'

const RIGHT = 'Right are mongodb://host:27017/[database][?options], mongodb+srv://host/[database] and embedded:./data'
const MONGO = /^mongodb(?:\+srv)?:\/\/[^/?]+(?:\/([^?]*))?(?:\?.*)?$/
/** What every MongoDB takes as a database's name, on any operating system. */
const DATABASE = /^[A-Za-z0-9_-]{1,63}$/

/** Which engine, where. Throws CONFIGURATION_INVALID saying what is right; the URL itself is not repeated (secrets). */
export function parseStoreUrl(url: string): StoreAddress {
  if (/^mongodb(\+srv)?:\/\//.test(url)) return parseMongo(url)
  if (url.startsWith('embedded:')) return parseEmbedded(url.slice('embedded:'.length))
  throw invalidStoreUrl('it begins with neither mongodb:// nor mongodb+srv:// nor embedded:')
}

function parseMongo(url: string): MongoAddress {
  const match = MONGO.exec(url)
  if (!match) throw invalidStoreUrl('the host is missing')
  const database = match[1] || DATABASE_DEFAULT
  if (!DATABASE.test(database)) {
    throw invalidStoreUrl('the database must be 1 to 63 letters, digits, "_" or "-", and a password percent-encoded')
  }
  return { engine: 'mongodb', url, database }
}

function parseEmbedded(directory: string): EmbeddedAddress {
  if (directory === '') throw invalidStoreUrl('embedded: needs a folder')
  if (directory.startsWith('//')) throw invalidStoreUrl('embedded: is followed by the folder, without //')
  if (directory.includes('?')) throw invalidStoreUrl('embedded: takes no settings')
  return { engine: 'embedded', directory }
}

export const invalidStoreUrl = (why: string, cause?: unknown): AppError =>
  new AppError('CONFIGURATION_INVALID', `The store's URL cannot be used: ${why}. ${RIGHT}`, { cause })
