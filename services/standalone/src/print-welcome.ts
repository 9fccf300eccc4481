import type { Standalone } from './start-standalone.ts'

/** What the ready line of `npm start -- --json` holds. */
export function readyLine({ urls, demonstration, page }: Standalone): string {
  return JSON.stringify({
    ready: true,
    api_url: urls.api,
    webhook_url: urls.gateway,
    graph_url: urls.simulator,
    api_key: demonstration.api_key,
    app_secret: demonstration.app_secret,
    verify_token: demonstration.verify_token,
    control_url: urls.simulator,
    page_id: page.id,
    facebook_page_id: demonstration.facebook_page_id,
    page_access_token: demonstration.page_access_token,
  })
}

/** What a person sees: where to look, and what to try. */
export function welcome({ urls, demonstration, page }: Standalone): string {
  const bearer = `-H 'Authorization: Bearer ${demonstration.api_key}'`
  const api = `${urls.api}/api/facebook`
  // A login at Facebook comes back to this name, and only there does the browser show its cookie.
  const docs = `${urls.api.replace('//127.0.0.1:', '//localhost:')}/docs`
  return `
Pagesync is running: gateway ${urls.gateway}, API ${urls.api}, simulated Facebook ${urls.simulator}

Open   ${docs}   (every call, to try in the browser; the key is ${demonstration.api_key})

Try    a customer writes, and the message is in the system:
  curl -s -X POST ${urls.simulator}/_control/messages -H 'Content-Type: application/json' -d '{"facebook_page_id":"${demonstration.facebook_page_id}","text":"Do you ship to Siem Reap?"}'
       what was synced:
  curl -s ${bearer} ${api}/pages/${page.id}/sync-status
       the newest conversations:
  curl -s ${bearer} '${api}/pages/${page.id}/conversations?limit=5'

Ctrl-C ends it; started again it goes on with the same data.
`
}
