import { expect, it } from 'vitest'
import { finishDocument } from './finish-document.ts'

const withBody = (required?: string[]) => ({
  required: true,
  content: { 'application/json': { schema: { type: 'object', ...(required ? { required } : {}) } } },
})

it('says of a body whether it may be left out', () => {
  const { paths } = finishDocument({
    paths: { '/a': { post: { requestBody: withBody() } }, '/b': { post: { requestBody: withBody(['name']) } } },
  })
  expect(paths['/a'].post.requestBody.required).toBe(false)
  expect(paths['/b'].post.requestBody.required).toBe(true)
})

it('writes headers as people do, names what is in the path first, and leaves the rest', () => {
  const parameters = [
    { in: 'header', name: 'idempotency-key' },
    { in: 'query', name: 'page_id' },
    { in: 'path', name: 'id' },
  ]
  const { paths } = finishDocument({ paths: { '/a': { get: { summary: 'x', parameters } } } })
  expect(paths['/a'].get).toEqual({
    summary: 'x',
    parameters: [
      { in: 'path', name: 'id' },
      { in: 'header', name: 'Idempotency-Key' },
      { in: 'query', name: 'page_id' },
    ],
  })
})
