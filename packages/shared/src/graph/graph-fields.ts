/** A field that is asked for, with the sub-fields wanted of it. Paths name one: `messages.attachments.image_data`. */
export interface GraphField {
  readonly name: string
  /** Such as `.limit(25)`. */
  readonly modifier?: string
  readonly fields?: readonly GraphField[]
}

const field = (name: string, ...fields: readonly (string | GraphField)[]): GraphField => ({
  name,
  ...(fields.length === 0 ? {} : { fields: fields.map((each) => (typeof each === 'string' ? field(each) : each)) }),
})

/** Always asked for, and never dropped: without it nothing can be told apart. */
const ID = 'id'

export const PAGE_FIELDS = ['name', 'category', 'about', 'phone', 'website', 'fan_count'] as const
export type PageField = (typeof PAGE_FIELDS)[number]

/**
 * What we ask of a message. Sub-fields are named where the default is less (shares tell nothing but their id) or much
 * more than we read.
 */
export const MESSAGE_FIELDS: readonly GraphField[] = [
  field(ID),
  field('created_time'),
  field('from'),
  field('message'),
  field('sticker'),
  field('reply_to'),
  field('attachments', 'id', 'name', 'mime_type', 'size', 'image_data', 'video_data', 'file_url'),
  field('shares', 'link', 'name'),
  field('reactions'),
]

export const CONVERSATION_FIELDS: readonly GraphField[] = [
  field(ID),
  field('updated_time'),
  field('unread_count'),
  field('message_count'),
  field('snippet'),
  field('can_reply'),
  field('participants'),
]

/** The newest messages of each conversation, nested in its listing. */
export const nestedMessages = (limit: number, fields: readonly GraphField[] = MESSAGE_FIELDS): GraphField => ({
  name: 'messages',
  modifier: `.limit(${limit})`,
  fields,
})

export const plainFields = (names: readonly string[]): readonly GraphField[] => [
  field(ID),
  ...names.filter((name) => name !== ID).map((name) => field(name)),
]

/** The `fields` parameter. */
export function fieldsText(fields: readonly GraphField[]): string {
  return fields
    .map(({ name, modifier = '', fields: inner }) => `${name}${modifier}${inner ? `{${fieldsText(inner)}}` : ''}`)
    .join(',')
}

/** A field with its sub-fields reduced to the one that is always there. */
export function bare(of: GraphField): GraphField {
  return of.fields ? { ...of, fields: [field(ID)] } : of
}

export const isId = ({ name }: GraphField): boolean => name === ID

/** The fields without those at the given paths. A field none of whose sub-fields is left is asked for by its id alone. */
export function withoutPaths(fields: readonly GraphField[], paths: ReadonlySet<string>, within = ''): GraphField[] {
  return fields.flatMap((each) => {
    const path = within + each.name
    if (paths.has(path) && !isId(each)) return []
    if (!each.fields) return [each]
    const inner = withoutPaths(each.fields, paths, `${path}.`)
    return [inner.length > 0 ? { ...each, fields: inner } : bare(each)]
  })
}

/** Which of the paths are asked for here. */
export function pathsIn(fields: readonly GraphField[], within = ''): string[] {
  return fields.flatMap((each) => {
    const path = within + each.name
    return [path, ...(each.fields ? pathsIn(each.fields, `${path}.`) : [])]
  })
}

export function fieldAt(fields: readonly GraphField[], path: string): GraphField | undefined {
  const [name, ...rest] = path.split('.')
  const found = fields.find((each) => each.name === name)
  return rest.length === 0 ? found : fieldAt(found?.fields ?? [], rest.join('.'))
}

export function replaceAt(fields: readonly GraphField[], path: string, replacement: GraphField): GraphField[] {
  const [name, ...rest] = path.split('.')
  return fields.map((each) => {
    if (each.name !== name) return each
    return rest.length === 0
      ? replacement
      : { ...each, fields: replaceAt(each.fields ?? [], rest.join('.'), replacement) }
  })
}
