import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newApiKey } from '@pagesync/shared/security/api-key.ts'
import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'

/** What the demonstration is made of: kept beside the data, so that a second start finds the same Facebook. */
const Demonstration = Type.Object({
  seed: Type.Integer(),
  app_id: Type.String(),
  app_secret: Type.String(),
  verify_token: Type.String(),
  token_keys: Type.String(),
  /** In clear, since it opens nothing but simulated conversations. */
  api_key: Type.String(),
  facebook_page_id: Type.String(),
  page_access_token: Type.String(),
})
export type Demonstration = Readonly<Static<typeof Demonstration>>

const FILE = 'demonstration.json'

export async function loadDemonstration(dataDir: string): Promise<Demonstration> {
  const path = join(dataDir, FILE)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
  // A file from before there were token keys has none: it gets one, nothing is sealed yet.
  const kept = text === null ? {} : JSON.parse(text)
  if (Value.Check(Demonstration, kept)) return kept
  const made = Value.Decode(Demonstration, { ...newDemonstration(), ...kept })
  await mkdir(dataDir, { recursive: true })
  await writeFile(`${path}.new`, JSON.stringify(made, null, 2), { mode: 0o600 })
  await rename(`${path}.new`, path)
  return made
}

function newDemonstration(): Demonstration {
  const secret = (bytes: number): string => randomBytes(bytes).toString('hex')
  return {
    seed: 20_261_122,
    app_id: '1029384756',
    app_secret: secret(16),
    verify_token: secret(12),
    token_keys: `demonstration:${randomBytes(32).toString('base64')}`,
    api_key: newApiKey(),
    facebook_page_id: '104857600000042',
    page_access_token: `EAAG${secret(40)}`,
  }
}
