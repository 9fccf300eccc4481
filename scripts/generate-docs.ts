import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { generatedFiles } from './docs/generated-files.ts'

/** `npm run docs`: writes the documents that are made from the code. */
for (const [path, content] of generatedFiles()) {
  await writeFile(fileURLToPath(new URL(`../${path}`, import.meta.url)), content)
  process.stdout.write(`${path}\n`)
}
