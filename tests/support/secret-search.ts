/** What was left behind, by where: logs, files, topics, collections. */
export type Places = ReadonlyMap<string, Buffer>

/** Every access token that the simulated Facebook gives has this form, also those that no test ever sees. */
export const SIMULATED_TOKEN = /EAA[PU][A-Za-z0-9]{160}ZD/
/** Looks like one of them, and is none: for messages, so that it is seen whether the search would find one. */
export const PLANTED = `EAAP${'planted'.repeat(23).slice(0, 160)}ZD`

/** Where a text stands: as it is, as hex, or within base64 wherever it begins. */
export function placesOf(text: string, places: Places): string[] {
  const forms = formsOf(text)
  return [...places].filter(([, bytes]) => forms.some((form) => bytes.includes(form))).map(([name]) => name)
}

/** What of the secrets stands anywhere, and every other token of the simulated Facebook. Empty when all is well. */
export function findSecrets(secrets: ReadonlyMap<string, string>, places: Places): string[] {
  const known = [...secrets].flatMap(([name, secret]) => placesOf(secret, places).map((place) => `${name} in ${place}`))
  const unknown = [...places].flatMap(([name, bytes]) => {
    const tokens = bytes.toString('latin1').match(new RegExp(SIMULATED_TOKEN, 'g')) ?? []
    return tokens.some((token) => token !== PLANTED) ? [`some token in ${name}`] : []
  })
  return [...known, ...unknown]
}

function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret)
  const inBase64 = [0, 1, 2].map((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    return Buffer.from(text.slice(Math.ceil((offset * 4) / 3), -2))
  })
  return [bytes, Buffer.from(bytes.toString('hex')), ...inBase64]
}
