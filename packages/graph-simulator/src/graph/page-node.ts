import type { SimulatedPage } from '../world.ts'
import { requirePageToken, requireScope } from './access.ts'
import { invalidParameter } from './graph-error.ts'
import { type GraphContext, json, text } from './graph-request.ts'
import { PAGE_NODE } from './page-fields.ts'
import { selectFields } from './select-fields.ts'

/** `GET /{page-id}` */
export function readPage(context: GraphContext, page: SimulatedPage) {
  const fields = text(context.request, 'fields')
  requireScope(context, 'pages_read_engagement')
  return selectFields(PAGE_NODE, page, fields === undefined ? undefined : context.world.parseFields(fields), context)
}

/** What `POST /{page-id}` takes (api_specs/specs/Page.json), and which of it is JSON. */
const WRITABLE = new Map<string, 'text' | 'json' | 'list'>([
  ['about', 'text'],
  ['phone', 'text'],
  ['website', 'text'],
  ['description', 'text'],
  ['bio', 'text'],
  ['emails', 'list'],
  ['hours', 'json'],
  ['location', 'json'],
  ['cover', 'text'],
  ['parking', 'json'],
  ['payment_options', 'json'],
  ['general_info', 'text'],
  ['mission', 'text'],
  ['company_overview', 'text'],
  ['founded', 'text'],
  ['price_range', 'text'],
  ['impressum', 'text'],
  ['culinary_team', 'text'],
  ['public_transit', 'text'],
  ['temporary_status', 'text'],
])

const NOT_FIELDS = new Set([
  'access_token',
  'appsecret_proof',
  'appsecret_time',
  'format',
  'locale',
  'method',
  'pretty',
  'debug',
])

/** `POST /{page-id}`: all or nothing; answers success and tells nothing else. */
export function updatePage(context: GraphContext, page: SimulatedPage) {
  const { request, world } = context
  requirePageToken(context, page)
  requireScope(context, 'pages_manage_metadata')
  const changes = new Map<string, unknown>()
  for (const name of Object.keys(request.parameters)) {
    if (NOT_FIELDS.has(name)) continue
    const kind = WRITABLE.get(name)
    if (kind === undefined) throw invalidParameter(`Invalid parameter: ${name} cannot be updated`)
    const value = kind === 'text' ? text(request, name) : json(request, name)
    if (value === '' && !world.switches.emptyStringClears) continue
    changes.set(name, value)
  }
  checkPageChanges(changes, world.switches.maxAboutLength)
  const details: Record<string, unknown> = {}
  for (const [name, value] of changes) {
    const empty = value === '' || (Array.isArray(value) && value.length === 0)
    if (empty) details[name] = null
    else details[name] = name === 'cover' ? { ...(page.details.cover as object), id: value } : value
  }
  if (changes.has('location')) details.single_line_address = singleLine(changes.get('location')) ?? null
  page.change(details)
  return { success: true }
}

function checkPageChanges(changes: Map<string, unknown>, maxAboutLength: number) {
  const about = changes.get('about')
  if (typeof about === 'string' && about.length > maxAboutLength) {
    throw invalidParameter(`Param about must be at most ${maxAboutLength} characters long`)
  }
  const emails = changes.get('emails')
  const list = typeof emails === 'string' ? [emails] : emails
  if (
    list !== undefined &&
    !(Array.isArray(list) && list.every((one) => typeof one === 'string' && (one === '' || one.includes('@'))))
  ) {
    throw invalidParameter('Param emails must be an array of email addresses')
  }
  if (list !== undefined)
    changes.set(
      'emails',
      (list as string[]).filter((one) => one !== ''),
    )
  for (const name of ['hours', 'location', 'parking', 'payment_options']) {
    const value = changes.get(name)
    if (value !== undefined && value !== '' && (typeof value !== 'object' || value === null))
      throw invalidParameter(`Param ${name} must be an object`)
  }
}

const singleLine = (location: unknown): string | undefined => {
  if (location === null || typeof location !== 'object') return undefined
  const { street, city, country, zip } = location as Record<string, unknown>
  const parts = [street, city, zip, country].filter((part) => typeof part === 'string' && part !== '')
  return parts.length === 0 ? undefined : parts.join(', ')
}
