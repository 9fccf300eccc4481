import type { GraphContext } from './graph-request.ts'

/** The address of another page of a listing, with everything that was asked for and, as on Facebook, the token. */
export function pageUrl(
  { world, request }: GraphContext,
  path: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const query = new URLSearchParams()
  if (world.switches.tokenInNextUrls && request.token !== undefined) query.set('access_token', request.token)
  for (const [name, value] of Object.entries(parameters))
    if (value !== undefined && value !== '') query.set(name, value)
  return `${request.origin}/${request.version ?? 'v26.0'}/${path}?${query}`
}
