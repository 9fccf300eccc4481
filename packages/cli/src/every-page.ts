import { type Connection, callPagesync } from './call-pagesync.ts'

/** All rows of a list, page by page. */
export async function everyPage<T>(connection: Connection, path: string, name: string): Promise<T[]> {
  const rows: T[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query = new URLSearchParams({ limit: '200', ...(cursor === '' ? {} : { cursor }) })
    const page: Record<string, unknown> = await callPagesync(connection, 'GET', `${path}?${query}`)
    rows.push(...(page[name] as T[]))
    cursor = page.next_cursor as string | null
  }
  return rows
}
