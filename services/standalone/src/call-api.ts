import { request } from 'undici'
import type { Standalone } from './start-standalone.ts'

/** A call of the API as any caller would make it. */
export async function callApi(
  { urls, demonstration }: Standalone,
  method: 'GET' | 'POST',
  path: string,
  headers: Record<string, string> = {},
): Promise<Record<string, unknown>> {
  const { body } = await request(`${urls.api}/api/facebook${path}`, {
    method,
    headers: { authorization: `Bearer ${demonstration.api_key}`, ...headers },
  })
  return (await body.json()) as Record<string, unknown>
}
