/** What a reviver is told since ES2025; not yet in TypeScript's library. */
interface Reading {
  readonly source?: string
}

/** JSON in which whole numbers that a double cannot hold stay texts: PSIDs are written without quotes now and then. */
export function parseJson(text: string): unknown {
  const keepIds = (_key: string, value: unknown, reading?: Reading) =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^\d+$/.test(reading?.source ?? '')
      ? reading?.source
      : value
  return JSON.parse(text, keepIds as (key: string, value: unknown) => unknown)
}
