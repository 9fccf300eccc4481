import type { AddressInfo } from 'node:net'
import type { Server } from '@pagesync/shared/http/create-server.ts'

/**
 * The origin under which browsers reach the API: configured, or this machine and the port that it listens on. Never
 * from a request: who calls could name any host, and Facebook would send its codes there.
 */
export function createPublicUrl(server: Server, configured: string | undefined): () => string {
  return () => {
    if (configured !== undefined) return new URL(configured).origin
    const address = server.server.address() as AddressInfo | null
    return `http://localhost:${address?.port ?? 0}`
  }
}
