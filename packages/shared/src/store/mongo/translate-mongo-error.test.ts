import { MongoInvalidArgumentError, MongoNetworkError, MongoServerError } from 'mongodb'
import { expect, test } from 'vitest'
import { AppError } from '../../errors/app-error.ts'
import { translateMongoError } from './translate-mongo-error.ts'

const server = (code: number, message: string, errorLabels: string[] = []) =>
  new MongoServerError({ code, message, errorLabels })

test.each([
  ['a cut connection', new MongoNetworkError('read ECONNRESET')],
  ['a server that is no longer primary', server(10_107, 'not primary')],
  ['a request that ran out of time', server(50, 'operation exceeded time limit')],
  ['an error labelled as retryable', server(12_345, 'whatever', ['RetryableWriteError'])],
  ['FerretDB without PostgreSQL', server(1, 'msg_find.go:43: pool.go:90: failed to connect to `user=postgres`')],
  ['FerretDB while PostgreSQL stops', server(1, 'terminating connection due to administrator command')],
  ['FerretDB while PostgreSQL starts', server(1, 'FATAL: the database system is starting up')],
])('%s is STORE_UNAVAILABLE, with its cause', (_name, thrown) => {
  expect(translateMongoError(thrown)).toMatchObject({ code: 'STORE_UNAVAILABLE', kind: 'transient', cause: thrown })
})

test('a document that is too large is PAYLOAD_TOO_LARGE', () => {
  expect(translateMongoError(server(10_334, 'BSONObj size is invalid'))).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
  const refused = new MongoInvalidArgumentError('Document is larger than the maximum size 16777216')
  expect(translateMongoError(refused)).toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
})

test('anything else is INTERNAL and keeps the text of the driver to itself', () => {
  for (const thrown of [server(2, 'bad hint on secret_field'), server(1, 'unknown function'), new TypeError('x')]) {
    const translated = translateMongoError(thrown)
    expect(translated).toMatchObject({ code: 'INTERNAL', cause: thrown })
    expect(translated.message).not.toContain(thrown.message)
  }
})

test('what is ours already stays as it is', () => {
  const ours = new AppError('WRITE_CONFLICT', 'again')
  expect(translateMongoError(ours)).toBe(ours)
})
