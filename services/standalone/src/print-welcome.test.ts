import { expect, it } from 'vitest'
import { welcome } from './print-welcome.ts'
import type { Standalone } from './start-standalone.ts'

const running = (api: string) =>
  ({
    urls: { api, gateway: 'http://127.0.0.1:3031', simulator: 'http://127.0.0.1:3033' },
    demonstration: { api_key: 'ps_live_1', facebook_page_id: '1' },
    page: { id: 1 },
  }) as Standalone

it('sends the browser to the name that a login at Facebook comes back to', () => {
  expect(welcome(running('http://127.0.0.1:3032'))).toContain('Open   http://localhost:3032/docs ')
  expect(welcome(running('http://192.168.1.5:3032'))).toContain('Open   http://192.168.1.5:3032/docs ')
})
