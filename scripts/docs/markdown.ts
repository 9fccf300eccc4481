/** Stands in every generated page, so that nobody changes it by hand. */
export const GENERATED = '<!-- Made from the code by `npm run docs`; a test fails when it is out of date. -->'

/** A pipe within a cell would end it. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
