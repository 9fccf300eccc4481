import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { generatedFiles } from '../../scripts/docs/generated-files.ts'

describe('documents made from the code', () => {
  test.each([...generatedFiles()])('%s is as the code says (else: npm run docs)', async (path, content) => {
    const onDisk = await readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
    expect(onDisk).toBe(content)
  })
})
