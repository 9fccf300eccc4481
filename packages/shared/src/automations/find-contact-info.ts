import { type CountryCode, findPhoneNumbersInText, isSupportedCountry } from 'libphonenumber-js/min'
import { foldText } from './fold-text.ts'
import { UNSPACED_SCRIPTS } from './word-boundaries.ts'

/** An answer to "what is your number" is short: more is not searched. */
const SEARCHED_MAX = 500
const LOCAL_PART_MAX = 64
const ADDRESS_MAX = 254
const LOCAL = "[\\p{L}\\p{N}.!#$%&'*+/=?^_`{|}~-]"
const LABEL = '[\\p{L}\\p{N}-]'
/** In scripts without blanks an address stands right beside other words; an address of such a script is the rarer case. */
const SPACED = `(?![${UNSPACED_SCRIPTS}])`
const BEFORE_AT = [new RegExp(`(?:${SPACED}${LOCAL})+$`, 'u'), new RegExp(`${LOCAL}+$`, 'u')]
const AFTER_AT = [
  new RegExp(`^(?:${SPACED}${LABEL})+(?:\\.(?:${SPACED}${LABEL})+)+(?!${SPACED}${LABEL}|\\.\\p{L})`, 'u'),
  new RegExp(`^${LABEL}+(?:\\.${LABEL}+)+`, 'u'),
]
/** With the leading 0 that most countries dial at home. */
const LOCAL_NUMBER = /(?<![\d+])0(?:[ .()-]{0,2}\d){7,11}(?!\d)/
const DIGITS_OF_A_NUMBER = 6
const LETTERS_BESIDE_A_NUMBER = 20

export interface ContactInfo {
  readonly email: string | null
  /** International (`+85512345678`) where the country is known; else its digits as they were written. */
  readonly phone: string | null
}

/** The first e-mail address and the first phone number in a text. */
export function findContactInfo(text: string, country?: string): ContactInfo {
  const searched = text.slice(0, SEARCHED_MAX)
  return { email: findEmail(searched), phone: findPhone(foldText(searched), country) }
}

/** Somebody tried to write one: what `findContactInfo` did not take was wrong, not something else. */
export function looksLikeEmail(text: string): boolean {
  return text.includes('@')
}

export function looksLikePhone(text: string): boolean {
  const folded = foldText(text.slice(0, SEARCHED_MAX))
  const digits = folded.match(/\d/g)?.length ?? 0
  const letters = folded.match(/\p{L}/gu)?.length ?? 0
  return digits >= DIGITS_OF_A_NUMBER && letters <= LETTERS_BESIDE_A_NUMBER
}

function findEmail(text: string): string | null {
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const local = firstMatch(BEFORE_AT, text.slice(Math.max(0, at - LOCAL_PART_MAX - 1), at))?.replace(/^[.'`{|}]+/, '')
    const domain = firstMatch(AFTER_AT, text.slice(at + 1, at + 1 + ADDRESS_MAX))
    if (local && domain && isLocalPart(local) && isDomain(domain)) return `${local}@${domain.toLowerCase()}`
  }
  return null
}

function firstMatch(patterns: readonly RegExp[], text: string): string | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(text)
    if (found) return found[0]
  }
  return undefined
}

function isLocalPart(local: string): boolean {
  return local.length <= LOCAL_PART_MAX && !local.endsWith('.') && !local.includes('..')
}

function isDomain(domain: string): boolean {
  const labels = domain.split('.')
  const isLabel = (label: string) => label.length <= 63 && !label.startsWith('-') && !label.endsWith('-')
  return (
    domain.length <= ADDRESS_MAX - LOCAL_PART_MAX &&
    labels.every(isLabel) &&
    /^(?:\p{L}{2,}|xn--.+)$/u.test(labels.at(-1)!)
  )
}

function findPhone(folded: string, country: string | undefined): string | null {
  const known = country !== undefined && isSupportedCountry(country) ? (country as CountryCode) : undefined
  const [found] = findPhoneNumbersInText(folded, known ? { defaultCountry: known } : {})
  if (found) return found.number.number
  return known ? null : (LOCAL_NUMBER.exec(folded)?.[0].replace(/\D/g, '') ?? null)
}
