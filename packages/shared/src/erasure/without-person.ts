/** Finds and takes out what names one person in any JSON. Pure. */
export interface PersonMarks {
  /** Ids that nobody else has: the page-scoped id, the ids of the threads. */
  readonly ids: readonly string[]
}

export const ERASED = '[erased]'

/** Does any text in it hold one of the ids, as a whole? */
export function namesPerson(value: unknown, marks: PersonMarks): boolean {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return marks.ids.some((id) => holds(text, id))
}

/**
 * The same value without the person: items of lists that name them go, other texts become `[erased]`. The very same
 * object where nothing names them.
 */
export function withoutPerson<T>(value: T, marks: PersonMarks): T {
  return namesPerson(value, marks) ? (blanked(withoutItems(value, marks), marks) as T) : value
}

function withoutItems(value: unknown, marks: PersonMarks): unknown {
  // The innermost list that names somebody loses the item, not the list around it.
  if (Array.isArray(value))
    return value.map((item) => withoutItems(item, marks)).filter((item) => !namesPerson(item, marks))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, withoutItems(each, marks)]))
}

function blanked(value: unknown, marks: PersonMarks): unknown {
  if (typeof value === 'string') return namesPerson(value, marks) ? ERASED : value
  if (Array.isArray(value)) return value.map((item) => blanked(item, marks))
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(([name]) => !namesPerson(name, marks))
  return Object.fromEntries(kept.map(([name, each]) => [name, blanked(each, marks)]))
}

const WORD = /[A-Za-z0-9]/

/** An id within a longer one is another id. */
function holds(text: string, id: string): boolean {
  for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) {
    const before = text[at - 1] ?? ''
    const after = text[at + id.length] ?? ''
    if (!WORD.test(before) && !WORD.test(after)) return true
  }
  return false
}
