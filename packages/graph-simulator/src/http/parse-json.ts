/** What a reviver is told since ES2025; not yet in TypeScript's library. */
interface Reading {
  readonly source?: string
}

/** JSON in which whole numbers that a double cannot hold stay texts: PSIDs are written without quotes now and then. */
export function parseJson(text: string): unknown {
  // Reviving costs more than parsing, and long numbers are rare.
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  const keepIds = (_key: string, value: unknown, reading?: Reading) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(reading?.source ?? '')
      ? reading?.source
      : value
  return JSON.parse(text, keepIds as (key: string, value: unknown) => unknown)
}
