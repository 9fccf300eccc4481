type Json = Record<string, unknown>

/**
 * The same schemas in the words that readers and generators of clients know best: a choice of constants is an `enum`.
 * TypeBox writes it as `anyOf`.
 */
export function simplifySchemas<T>(document: T): T {
  return simplify(document) as T
}

function simplify(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplify)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, simplify(member)]))
  const words = constantsOf(members.anyOf)
  if (words === null) return members
  const { anyOf: _anyOf, ...others } = members
  return { type: 'string', enum: words, ...others }
}

/** The constants where all variants are text constants; null otherwise. */
function constantsOf(variants: unknown): string[] | null {
  if (!Array.isArray(variants) || variants.length === 0) return null
  const words = variants.map(constantOf)
  return words.every((word) => word !== null) ? words : null
}

/** @fastify/swagger has turned `const` into an `enum` of one by then. */
function constantOf(variant: Json): string | null {
  const word = variant.const ?? (Array.isArray(variant.enum) && variant.enum.length === 1 ? variant.enum[0] : null)
  return typeof word === 'string' ? word : null
}
