import { expect, test } from 'vitest'
import { AppError } from '../errors/app-error.ts'
import { parseStoreUrl } from './store-url.ts'

test.each([
  ['mongodb://localhost:27017', 'pagesync'],
  ['mongodb://localhost:27017/', 'pagesync'],
  ['mongodb://localhost:27017/?replicaSet=rs0', 'pagesync'],
  ['mongodb://user:p%40ss@a:27017,b:27017/shop?replicaSet=rs0', 'shop'],
  ['mongodb+srv://cluster.example.test/shop', 'shop'],
])('reads the database from %s', (url, database) => {
  expect(parseStoreUrl(url)).toEqual({ engine: 'mongodb', url, database })
})

test('reads the folder of the embedded engine', () => {
  expect(parseStoreUrl('embedded:./data')).toEqual({ engine: 'embedded', directory: './data' })
})

test.each([
  '',
  'postgres://user:secret@host/db',
  'mongodb://',
  'mongodb:///pagesync',
  'mongodb://user:se/cret@host/db',
  'embedded:',
  'embedded://data',
  'embedded:./data?mode=fast',
])('refuses "%s" saying what is right, without repeating it', (url) => {
  let thrown: unknown
  try {
    parseStoreUrl(url)
  } catch (error) {
    thrown = error
  }
  expect(thrown).toBeInstanceOf(AppError)
  expect(thrown).toMatchObject({ code: 'CONFIGURATION_INVALID' })
  expect((thrown as AppError).message).toMatch(/Right are mongodb:\/\/.* and embedded:/)
  expect((thrown as AppError).message).not.toMatch(/secret|se\/cret/)
})
