import type { SimulatorOptions } from './simulator-options.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Every variable that the simulator reads, with what it is for. */
export const ENVIRONMENT_VARIABLES = {
  SIMULATOR_HOST: '127.0.0.1 (default) or 0.0.0.0',
  SIMULATOR_PORT: 'port, 0 for any free one (default 3033)',
  SIMULATOR_SEED: 'whole number; the same seed generates the same data (default 1)',
  SIMULATOR_PAGES: 'how many pages (default 1)',
  SIMULATOR_CONVERSATIONS: 'conversations of each page (default 60)',
  SIMULATOR_LONG_SHARE: 'share of conversations with exactly 100 messages (default 0.05)',
  SIMULATOR_DONE_SHARE: 'share of conversations in the folder page_done (default 0.1)',
  SIMULATOR_RECENT_CUSTOMERS: 'customers of each page who wrote within the last hour (default 8)',
  SIMULATOR_LATENCY_MS: 'added to every Graph answer (default 0)',
  SIMULATOR_EPOCH: 'ISO time at which the generated history ends (default: now)',
  SIMULATOR_JOURNAL: 'file that keeps what changes, to go on there at the next start (default: none)',
  FB_APP_ID: 'id of the app',
  FB_APP_SECRET: 'secret of the app: signs webhooks, checks appsecret_proof',
  FB_VERIFY_TOKEN: 'verify token of the webhook handshake',
  WEBHOOK_URL: 'where webhooks go; none are sent without it',
} as const

/** The options from the environment, or all that is wrong with it. */
export function readEnvironment(environment: Environment): { options: SimulatorOptions } | { problems: string[] } {
  const problems: string[] = []
  const given = (name: keyof typeof ENVIRONMENT_VARIABLES) => {
    const value = environment[name]
    return value === undefined || value === '' ? undefined : value
  }
  const whole = (name: keyof typeof ENVIRONMENT_VARIABLES, byDefault: number, most: number): number => {
    const value = given(name)
    const number = value === undefined ? byDefault : Number(value)
    if (Number.isInteger(number) && number >= 0 && number <= most) return number
    problems.push(`${name} must be a whole number from 0 to ${most}, not "${value}"`)
    return byDefault
  }
  const share = (name: keyof typeof ENVIRONMENT_VARIABLES, byDefault: number): number => {
    const value = given(name)
    const number = value === undefined ? byDefault : Number(value)
    if (number >= 0 && number <= 1) return number
    problems.push(`${name} must be a number from 0 to 1, not "${value}"`)
    return byDefault
  }

  const host = given('SIMULATOR_HOST') ?? '127.0.0.1'
  if (host !== '127.0.0.1' && host !== '0.0.0.0')
    problems.push(`SIMULATOR_HOST must be 127.0.0.1 or 0.0.0.0, not "${host}"`)
  const webhookUrl = given('WEBHOOK_URL')
  if (webhookUrl !== undefined && !(URL.canParse(webhookUrl) && /^https?:/.test(webhookUrl))) {
    problems.push(`WEBHOOK_URL must be an http or https address, not "${webhookUrl}"`)
  }
  const appId = given('FB_APP_ID')
  if (appId !== undefined && !/^\d{1,20}$/.test(appId)) problems.push(`FB_APP_ID must be digits, not "${appId}"`)
  const epochText = given('SIMULATOR_EPOCH')
  const epoch = epochText === undefined ? undefined : Date.parse(epochText)
  if (Number.isNaN(epoch)) problems.push(`SIMULATOR_EPOCH must be an ISO time, not "${epochText}"`)

  const page = {
    ...(epoch === undefined ? {} : { epoch }),
    conversations: {
      count: whole('SIMULATOR_CONVERSATIONS', 60, 10_000_000),
      longShare: share('SIMULATOR_LONG_SHARE', 0.05),
      doneShare: share('SIMULATOR_DONE_SHARE', 0.1),
      recentCustomers: whole('SIMULATOR_RECENT_CUSTOMERS', 8, 1_000_000),
    },
  }
  const options: SimulatorOptions = {
    host: host === '0.0.0.0' ? host : '127.0.0.1',
    port: whole('SIMULATOR_PORT', 3033, 65_535),
    seed: whole('SIMULATOR_SEED', 1, 0xffff_ffff),
    latencyMs: whole('SIMULATOR_LATENCY_MS', 0, 600_000),
    pages: Array.from({ length: whole('SIMULATOR_PAGES', 1, 100_000) }, () => page),
    ...(given('SIMULATOR_JOURNAL') === undefined ? {} : { journalFile: given('SIMULATOR_JOURNAL') }),
    ...(appId === undefined ? {} : { appId }),
    ...(given('FB_APP_SECRET') === undefined ? {} : { appSecret: given('FB_APP_SECRET') }),
    ...(given('FB_VERIFY_TOKEN') === undefined ? {} : { verifyToken: given('FB_VERIFY_TOKEN') }),
    ...(webhookUrl === undefined ? {} : { webhookUrl }),
  }
  return problems.length > 0 ? { problems } : { options }
}
