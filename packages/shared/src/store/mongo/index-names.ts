/** From the fields, as MongoDB itself would name it: an index whose declaration changes becomes another index. */
export function indexName(fields: readonly string[]): string {
  return fields.length === 1 ? '_id_' : fields.map((field) => `${field}_1`).join('_')
}
