import { TEXT_LENGTH_MAX } from '../model/command-arguments.ts'

export interface TemplateNames {
  readonly name: string | null
  readonly firstName: string | null
  readonly pageName: string
}

const NAME_LENGTH_MAX = 100
const PLACEHOLDER = /\{\{\s*([a-z_]+)\s*\}\}/gi
/** With the blank and the comma that only made sense beside a name. */
const MISSING = /[ \t]*[,،、，]?[ \t]*\{\{\s*(?:name|first_name|page_name)\s*\}\}/gi
const MISSING_AT_BEGINNING = /^\s*\{\{\s*(?:name|first_name|page_name)\s*\}\}[\s,،、，:!.]*/i
const NAMES = new Set(['name', 'first_name', 'page_name'])

/** The placeholders in a template that nothing is known for. */
export function unknownPlaceholders(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map(([, name]) => name!).filter((name) => !NAMES.has(name.toLowerCase()))
}

/**
 * Puts names in for `{{name}}`, `{{first_name}}` and `{{page_name}}`. Where a name is not known its place closes: "Hello
 * {{name}}, thanks" becomes "Hello, thanks". A name is put in as it is, even if it holds braces. At most
 * `TEXT_LENGTH_MAX` characters; blank where nothing else was in the template.
 */
export function fillTemplate(template: string, names: TemplateNames): string {
  if (!template.includes('{{')) return shorten(template.trim())
  const values: Record<string, string | null> = {
    name: cleanName(names.name),
    first_name: cleanName(names.firstName) ?? firstWord(cleanName(names.name)),
    page_name: cleanName(names.pageName),
  }
  const isKnown = (placeholder: string) => values[/[a-z_]+/i.exec(placeholder)![0].toLowerCase()] !== null
  const closed = template
    .replace(MISSING_AT_BEGINNING, (found) => (isKnown(found) ? found : ''))
    .replace(MISSING, (found) => (isKnown(found) ? found : ''))
  const filled = closed.replace(PLACEHOLDER, (found, name: string) => values[name.toLowerCase()] ?? found)
  return shorten(filled.trim())
}

export function mentionsPerson(template: string): boolean {
  return /\{\{\s*(?:name|first_name)\s*\}\}/i.test(template)
}

function cleanName(name: string | null): string | null {
  if (name === null) return null
  // A name is one line of visible characters, whatever a profile holds.
  const clean = name.replace(/[\p{Cc}\u2028\u2029\s]+/gu, ' ').trim()
  return clean === '' ? null : shortenTo(clean, NAME_LENGTH_MAX)
}

function firstWord(name: string | null): string | null {
  return name?.split(' ')[0] ?? null
}

function shorten(text: string): string {
  return shortenTo(text, TEXT_LENGTH_MAX)
}

/** Cuts between characters as people see them, never within one. */
function shortenTo(text: string, lengthMax: number): string {
  if (text.length <= lengthMax) return text
  let end = 0
  for (const { index, segment } of new Intl.Segmenter('en').segment(text)) {
    if (index + segment.length > lengthMax) break
    end = index + segment.length
  }
  return text.slice(0, end).trimEnd()
}
